package executor

import (
	"context"
	"net/http"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// maxFailures of one update in a row; then the subscription is to blame, and the
// next one carries the update. The agent takes another SUBSCRIBE at any time,
// whether the framework checkpoints or not (slave.cpp, Slave::subscribe).
const maxFailures = 3

// post is one call on its way to the agent, in a goroutine of its own.
type post struct {
	status *mesos.TaskStatus // nil: a heartbeat
	done   chan error        // one value, then closed
	cancel context.CancelFunc
}

func (p *post) channel() <-chan error {
	if p == nil {
		return nil
	}
	return p.done
}

// send queues an update.
func (o *owner) send(s Status) {
	o.ledger.add(s.stamp(o.caller.executor, o.agent))
	o.log.Info("status", zap.String("task", s.Task), zap.Stringer("state", s.State), zap.String("message", s.Message))
	o.sendNext()
}

// sendNext sends the next update, unless one is on its way or waits to be
// repeated: they never overtake each other.
func (o *owner) sendNext() {
	status, ok := o.ledger.next()
	if !ok || !o.open() || o.post != nil || o.resend != nil {
		return
	}
	o.begin(&status)
}

func (o *owner) begin(status *mesos.TaskStatus) {
	ctx, cancel := context.WithCancel(o.ctx)
	o.post = &post{status: status, done: make(chan error, 1), cancel: cancel}
	go o.post.run(ctx, o.caller)
}

// run is the post's goroutine.
func (p *post) run(ctx context.Context, c *caller) {
	defer close(p.done)
	if p.status == nil {
		p.done <- c.heartbeat(ctx)
		return
	}
	failpoint.Hit("status." + phase(*p.status) + ".before")
	err := c.update(ctx, *p.status)
	failpoint.Hit("status." + phase(*p.status) + ".after")
	p.done <- err
}

// posted acts on the answer to an update. A restarted agent answers 503 until
// its recovery window closes, though it is subscribed to: no fault of ours. A
// heartbeat has done its work whatever the answer.
func (o *owner) posted(err error) {
	p := o.post
	o.post = nil
	p.cancel()
	switch {
	case p.status == nil:
		o.log.Debug("heartbeat sent", zap.Error(err))
		o.sendNext()
		return
	case err == nil:
		o.failures = 0
		o.ledger.took(*p.status)
		o.awaitAcknowledgement()
		o.sendNext()
		return
	case answered(err, http.StatusServiceUnavailable):
		o.log.Debug("agent does not take updates yet", zap.Error(err))
		o.resend = o.backoff()
		return
	}
	o.log.Warn("sending a status update failed", zap.Error(err))
	o.failures++
	if timedOut(err) { // so may the stream be, which does not show it
		o.subscribeAnew()
		return
	}
	if o.failures == maxFailures || answered(err, http.StatusUnauthorized, http.StatusForbidden) {
		o.disconnect()
		o.tryAgain(err)
		return
	}
	o.resend = o.backoff()
}

// acknowledged forgets an update. Acknowledgements of others are stale.
func (o *owner) acknowledged(a *wire.Event_Acknowledged) {
	if a == nil {
		return
	}
	status, ok := o.ledger.find(a.TaskID.Value, a.UUID)
	if !ok {
		o.log.Debug("acknowledgement of an unknown update", zap.String("task", a.TaskID.Value))
		return
	}
	failpoint.Hit("acknowledged." + phase(status) + ".before")
	o.ledger.acknowledged(a.TaskID.Value, a.UUID)
	o.reminded = false
	failpoint.Hit("acknowledged." + phase(status) + ".after")
	o.awaitAcknowledgement()
	o.settle()
}

func (o *owner) settle() {
	if o.ledger.settled() {
		o.flushed(nil)
	}
}
