package executor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"
)

const (
	// acknowledgeLimit is how long the last update may stay unacknowledged by an
	// agent that is there (launcher/executor.cpp waits as long).
	acknowledgeLimit = time.Minute
	// registrationLimit bounds the first subscription where no recovery timeout
	// does: the agent's own --executor_registration_timeout.
	registrationLimit = time.Minute
	// minBackoff keeps an agent that ends every stream at once from being hammered.
	minBackoff = 50 * time.Millisecond
)

// owner is the session's state and the goroutine that owns it. A nil channel is
// a timer that is not armed.
type owner struct {
	session *Session
	env     Environment
	caller  *caller
	log     *zap.Logger
	ctx     context.Context // of the goroutines that it starts and joins

	ledger   ledger
	queue    []Event        // for the reader of Events
	agent    *mesos.AgentID // from SUBSCRIBED
	link     *link          // nil: not connected
	post     *post          // nil: no call is on its way
	failures int            // of the update that is next, in a row
	away     error          // why the last attempt to subscribe failed
	lost     error          // why there is no hope of an agent any more
	flushes  []chan<- error
	beats    bool // the agent sends heartbeats
	reminded bool // what is overdue was sent again, and nothing acknowledged since

	retry       <-chan time.Time // subscribe again
	patience    <-chan time.Time // give up to subscribe
	resend      <-chan time.Time // send the next update again
	acknowledge <-chan time.Time // give up to wait for acknowledgements
	overdue     <-chan time.Time // send again what was taken and not acknowledged
	silence     <-chan time.Time // the stream has been silent for too long
	beat        <-chan time.Time // our own heartbeat is due
}

func newOwner(s *Session, e Environment, t Transport, log *zap.Logger) *owner {
	return &owner{session: s, env: e, caller: newCaller(e, t), log: log}
}

// run is the owner's goroutine.
func (o *owner) run(ctx context.Context) {
	defer close(o.session.done)
	defer o.caller.transport.close()
	defer o.disconnect()
	o.ctx = ctx
	o.connect()
	for ctx.Err() == nil {
		out, first := o.head()
		select {
		case <-ctx.Done():
		case out <- first:
			o.queue = o.queue[1:]
		case f := <-o.session.asks:
			f(o)
		case n, ok := <-o.link.channel():
			if ok { // else ctx has just ended
				o.heard(n)
			}
		case err := <-o.post.channel():
			o.posted(err)
		case <-o.retry:
			o.connect()
		case <-o.resend:
			o.resend = nil
			o.sendNext()
		case <-o.patience:
			o.lose(fmt.Errorf("%w: %w", errPatience, o.away))
		case <-o.acknowledge:
			o.flushed(ErrUnacknowledged)
		case <-o.overdue:
			o.remind()
		case <-o.silence:
			o.silent()
		case <-o.beat:
			o.heartbeat()
		}
	}
}

// head is the next event and where it goes; a nil channel when there is none.
func (o *owner) head() (chan<- Event, Event) {
	if len(o.queue) == 0 {
		return nil, nil
	}
	return o.session.events, o.queue[0]
}

// flush has c told when nothing is unacknowledged any more.
func (o *owner) flush(c chan<- error) {
	o.flushes = append(o.flushes, c)
	switch {
	case o.ledger.settled():
		o.flushed(nil)
	case o.lost != nil:
		o.flushed(o.lost)
	default:
		o.armAcknowledge()
	}
}

func (o *owner) flushed(err error) {
	for _, c := range o.flushes {
		c <- err
	}
	o.flushes, o.acknowledge = nil, nil
}

// armAcknowledge counts only while the agent is there to acknowledge.
func (o *owner) armAcknowledge() {
	if len(o.flushes) > 0 && o.open() && o.acknowledge == nil {
		o.acknowledge = time.After(acknowledgeLimit)
	}
}

// backoff is the pause before another attempt.
func (o *owner) backoff() <-chan time.Time {
	most := max(o.env.BackoffMax, 2*minBackoff)
	return time.After(minBackoff + rand.N(most-minBackoff))
}
