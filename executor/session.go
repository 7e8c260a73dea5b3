package executor

import (
	"context"
	"errors"

	"go.uber.org/zap"
)

// Session keeps the executor subscribed to its agent, tells what the agent
// wants, and gets status updates to it: in order, one at a time, each kept until
// it is acknowledged and said again with every new subscription. It knows tasks
// by their ids only.
//
// One goroutine owns its state. All methods may be called from any goroutine.
type Session struct {
	events chan Event
	asks   chan func(*owner)
	done   chan struct{}
	cancel context.CancelFunc
}

// ErrUnacknowledged says that the agent did not acknowledge an update in time.
var ErrUnacknowledged = errors.New("agent did not acknowledge the last status update")

var errClosed = errors.New("session is closed")

// Open starts to subscribe and returns at once. ctx, or Close, ends the session.
func Open(ctx context.Context, e Environment, t Transport, log *zap.Logger) *Session {
	ctx, cancel := context.WithCancel(ctx)
	s := &Session{
		events: make(chan Event),
		asks:   make(chan func(*owner)),
		done:   make(chan struct{}),
		cancel: cancel,
	}
	go newOwner(s, e, t, log).run(ctx)
	return s
}

// Events delivers what the agent wants, in its order. Nothing is lost, however
// late it is read. It is never closed: Lost is the last event.
func (s *Session) Events() <-chan Event { return s.events }

// Send queues a status update and returns at once.
func (s *Session) Send(status Status) {
	s.ask(func(o *owner) { o.send(status) })
}

// Offer is Send for an update that may as well be left out: it does nothing,
// and says false, while any earlier one is unacknowledged.
func (s *Session) Offer(status Status) bool {
	taken := make(chan bool, 1)
	asked := s.ask(func(o *owner) {
		free := o.open() && o.ledger.settled()
		if free {
			o.send(status)
		}
		taken <- free
	})
	return asked && <-taken
}

// Flush waits until everything sent is acknowledged. It returns
// ErrUnacknowledged when a subscribed agent says nothing for a minute, the
// session's own error when the agent is lost for good, or ctx's cause.
func (s *Session) Flush(ctx context.Context) error {
	flushed := make(chan error, 1)
	if !s.ask(func(o *owner) { o.flush(flushed) }) {
		return errClosed
	}
	select {
	case err := <-flushed:
		return err
	case <-s.done:
		return errClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends the session and waits for its goroutines. Repeatable.
func (s *Session) Close() {
	s.cancel()
	<-s.done
}

// ask has the owner run f. It says false when the session is over.
func (s *Session) ask(f func(*owner)) bool {
	select {
	case s.asks <- f:
		return true
	case <-s.done:
		return false
	}
}
