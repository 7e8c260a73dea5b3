package executor

import (
	"context"
	"fmt"
	"time"
)

// order is a reason to end a task before it ends by itself. As an error it is
// the cause of a cancelled context.
type order struct {
	kind  orderKind
	at    time.Time
	grace *time.Duration // of a kill, when it names one
	err   error          // behind a loss, a group's end, bad health
	limit time.Duration  // that a completion has exceeded
}

type orderKind int

const (
	orderKill orderKind = iota
	orderShutdown
	orderGroup      // another task of the group failed or was killed
	orderUnhealthy  // the health check says so
	orderCompletion // max_completion_time is over
	orderAgentLost
	orderVolumeLost
)

func (o order) Error() string {
	switch o.kind {
	case orderKill:
		return "task was killed"
	case orderShutdown:
		return "executor was shut down"
	case orderGroup:
		return o.err.Error()
	case orderUnhealthy:
		return fmt.Sprintf("task is unhealthy: %v", o.err)
	case orderCompletion:
		return fmt.Sprintf("max_completion_time of %v is over", o.limit)
	case orderAgentLost:
		return fmt.Sprintf("agent is lost: %v", o.err)
	}
	return fmt.Sprintf("volume is lost: %v", o.err)
}

// announced says that a framework with the capability is told TASK_KILLING for
// this order (launcher/executor.cpp; not for max_completion_time).
func (o order) announced() bool {
	switch o.kind {
	case orderKill, orderShutdown, orderGroup, orderUnhealthy:
		return true
	}
	return false
}

// orders is what one task is told from outside. The listener's goroutine gives,
// the task's own takes; neither waits for the other.
type orders struct {
	task string
	stop chan []order // those not taken yet; capacity 1
	link chan bool    // whether the agent is there, the latest; capacity 1

	acquire       context.Context // ends with the first order, which is its cause
	cancelAcquire context.CancelCauseFunc

	over bool // the listener's: its end is certain
}

func newOrders(ctx context.Context, task string) *orders {
	o := &orders{task: task, stop: make(chan []order, 1), link: make(chan bool, 1)}
	o.acquire, o.cancelAcquire = context.WithCancelCause(ctx)
	return o
}

// give passes an order on: to a waiting hold or start as a cancelled context, to
// the wait of a running task through the channel.
func (o *orders) give(given order) {
	if o.over {
		return
	}
	o.cancelAcquire(given)
	var waiting []order
	select {
	case waiting = <-o.stop:
	default:
	}
	o.stop <- append(waiting, given)
}

// connected tells whether the agent is there.
func (o *orders) connected(there bool) {
	select {
	case <-o.link:
	default:
	}
	o.link <- there
}
