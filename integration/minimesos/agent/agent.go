package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/fetch"
)

// phase is the agent's own state (Slave::State).
type phase int

const (
	recovering   phase = iota // executors may subscribe, updates are refused
	disconnected              // not registered with the master
	running
	terminating // told to leave
)

// agent is all that the agent knows. Only the loop's goroutine touches it.
type agent struct {
	cfg     Config
	log     *zap.Logger
	address string // IP:PORT
	paths   paths
	fetcher *fetch.Fetcher

	phase     phase
	routed    bool // requests are answered at all
	reconnect bool // containers are recovered: SUBSCRIBE is accepted
	info      mesos.AgentInfo
	known     bool // info has an id

	frameworks map[string]*framework
	streams    map[updateKey]*updateStream
	link       *masterLink
	faults     faultState

	ctx   context.Context // ends everything
	work  chan func()
	after []func()      // done before the next piece of work
	over  chan struct{} // closed when the agent has left
	tasks sync.WaitGroup
}

// errEnded: the agent is ending, a request cannot be looked at any more.
var errEnded = errors.New("the agent is ending")

// loop is the owner of all state.
func (a *agent) loop() {
	for {
		select {
		case <-a.ctx.Done():
			return
		case <-a.over:
			return
		case work := <-a.work:
			work()
			for len(a.after) > 0 {
				next := a.after[0]
				a.after = a.after[1:]
				next()
			}
		}
	}
}

// later runs f after the current piece of work, in order. Loop only.
func (a *agent) later(f func()) { a.after = append(a.after, f) }

// post hands f to the loop; it is not run when the agent ends first.
func (a *agent) post(f func()) {
	select {
	case a.work <- f:
	case <-a.ctx.Done():
	case <-a.over:
	}
}

// ask hands f to the loop and waits until it has run.
func (a *agent) ask(f func()) error {
	done := make(chan struct{})
	a.post(func() { f(); close(done) })
	select {
	case <-done:
		return nil
	case <-a.ctx.Done():
	case <-a.over:
	}
	return errEnded
}

// spawn runs f on a goroutine that Run joins.
func (a *agent) spawn(f func()) {
	a.tasks.Add(1)
	go func() {
		defer a.tasks.Done()
		f()
	}()
}

// timer runs f in the loop after d, unless stopped. A timer that is late finds
// the state changed and must look itself.
func (a *agent) timer(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { a.post(f) })
}

func stopTimer(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}
