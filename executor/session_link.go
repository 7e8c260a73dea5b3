package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

var errPatience = errors.New("agent did not come back within the recovery timeout")

// link is one subscription: a goroutine that opens the stream and reads it.
type link struct {
	news    chan news // closed when the goroutine ends
	cancel  context.CancelFunc
	carried int  // updates that went along with SUBSCRIBE
	open    bool // SUBSCRIBED came
}

// news of a link: an event, or why it ended.
type news struct {
	event *wire.Event
	err   error
}

func (l *link) channel() <-chan news {
	if l == nil {
		return nil
	}
	return l.news
}

// open says that the agent takes updates.
func (o *owner) open() bool { return o.link != nil && o.link.open }

// connect subscribes, with all that is unacknowledged.
func (o *owner) connect() {
	o.retry = nil
	subscribe, carried := o.ledger.subscribe()
	ctx, cancel := context.WithCancel(o.ctx)
	o.link = &link{news: make(chan news), cancel: cancel, carried: carried}
	go o.link.read(ctx, o.caller, subscribe)
}

// read is the link's goroutine.
func (l *link) read(ctx context.Context, c *caller, s *wire.Call_Subscribe) {
	defer close(l.news)
	failpoint.Hit("subscribe.before")
	stream, err := c.subscribe(ctx, s)
	failpoint.Hit("subscribe.after")
	if err != nil {
		l.tell(ctx, news{err: err})
		return
	}
	defer func() { _ = stream.Close() }() // read to its end, or given up
	records := newRecordReader(stream)
	for {
		n := nextNews(records)
		if !l.tell(ctx, n) || n.err != nil {
			return
		}
	}
}

func (l *link) tell(ctx context.Context, n news) bool {
	select {
	case l.news <- n:
		return true
	case <-ctx.Done():
		return false
	}
}

func nextNews(records *recordReader) news {
	record, err := records.next()
	if err != nil {
		return news{err: fmt.Errorf("read events: %w", err)}
	}
	event, err := decodeEvent(record)
	return news{event: event, err: err}
}

// disconnect ends the subscription and what is on its way, and joins both
// goroutines: nothing old may reach the agent behind a new SUBSCRIBE.
func (o *owner) disconnect() {
	if o.open() {
		o.queue = append(o.queue, Disconnected{})
	}
	if o.post != nil {
		o.post.cancel()
		for range o.post.done { // the next SUBSCRIBE carries the update
		}
		o.post = nil
	}
	if o.link != nil {
		o.link.cancel()
		for range o.link.news {
		}
		o.link = nil
	}
	o.resend, o.acknowledge, o.overdue, o.silence, o.beat = nil, nil, nil, nil, nil
	o.failures = 0
}

// dropped is what happens when a subscription fails or ends. Without
// checkpointing the agent does not take an executor back that it has lost.
func (o *owner) dropped(err error) {
	subscribed := o.open()
	o.disconnect()
	switch {
	case !subscribed && permanent(err):
		o.lose(err)
	case subscribed && !o.env.Checkpoint:
		o.lose(fmt.Errorf("framework does not checkpoint, so the agent gave the executor up: %w", err))
	default:
		o.tryAgain(err)
	}
}

func (o *owner) tryAgain(err error) {
	o.retry, o.away = o.backoff(), err
	if o.patience != nil {
		o.log.Debug("agent still away", zap.Error(err))
		return
	}
	limit := registrationLimit
	if o.env.Checkpoint {
		limit = o.env.RecoveryTimeout
	}
	o.patience = time.After(limit)
	o.log.Warn("agent is away; subscribing again and again", zap.Error(err), zap.Duration("for", limit))
}

// lose gives the agent up for good.
func (o *owner) lose(err error) {
	o.disconnect()
	o.retry, o.patience, o.lost = nil, nil, err
	o.queue = append(o.queue, Lost{Err: err})
	o.flushed(err)
}

// heard acts on the news of the link.
func (o *owner) heard(n news) {
	if n.err != nil {
		o.dropped(n.err)
		return
	}
	o.listenFor(n.event)
	switch e := n.event; e.Type {
	case wire.Event_SUBSCRIBED:
		o.subscribed(e.Subscribed)
	case wire.Event_ACKNOWLEDGED:
		o.acknowledged(e.Acknowledged)
	case wire.Event_MESSAGE: // there is nobody here whom a framework could speak to
		o.log.Debug("MESSAGE ignored", zap.Int("bytes", len(e.GetMessage().GetData())))
	}
	event := translate(n.event)
	if launch, ok := event.(Launch); ok {
		for _, t := range launch.Tasks {
			o.ledger.launched(t)
		}
	}
	if event != nil {
		o.queue = append(o.queue, event)
	}
}

// subscribed opens the link. A repeated SUBSCRIBED on one stream says nothing new.
func (o *owner) subscribed(s *wire.Event_Subscribed) {
	if s != nil {
		o.agent = s.AgentInfo.ID
	}
	if o.link.open {
		return
	}
	o.link.open = true
	o.patience = nil
	o.log.Info("subscribed", zap.Int("unacknowledged", o.link.carried))
	o.beat = time.After(beatInterval)
	o.armAcknowledge()
	o.awaitAcknowledgement()
	o.sendNext()
}
