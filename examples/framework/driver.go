package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib/encoding/codecs"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/callrules"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/controller"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli/httpsched"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/events"
)

const (
	callTimeout = 10 * time.Second
	tickEvery   = 200 * time.Millisecond
	// firstRetry and lastRetry are the pauses between subscriptions.
	firstRetry = time.Second
	lastRetry  = 15 * time.Second
	// missedBeats of the master's heartbeats make a stream a dead one.
	missedBeats = 5
)

// driver owns the connection and the service; all of its fields belong to the
// goroutine of run. The subscription's goroutine only passes events on.
type driver struct {
	config  config
	service *service
	caller  calls.Caller
	log     *log.Logger

	events chan *scheduler.Event
	ended  chan error // one error for each subscription

	cancel     context.CancelFunc // of the subscription; nil: there is none
	subscribed bool               // calls may be made
	retry      time.Duration
	again      time.Time // the next subscription, not before
	beat       time.Duration
	heard      time.Time // the last event
	asked      time.Time // the last reconciliation
	suppressed bool
}

func newDriver(c config, m *memory) *driver {
	d := &driver{
		config: c, service: newService(c, m, time.Now()),
		log:    log.New(os.Stdout, "", log.LstdFlags|log.Lmicroseconds),
		events: make(chan *scheduler.Event), ended: make(chan error),
	}
	d.caller = d.newCaller()
	return d
}

// newCaller is for one subscription: mesos-go's goes on believing in a stream
// that broke off within an event, and would not subscribe again.
func (d *driver) newCaller() calls.Caller {
	client := &http.Client{Transport: &http.Transport{ResponseHeaderTimeout: 15 * time.Second}}
	cli := httpcli.New(
		httpcli.Endpoint(d.config.master+"/api/v1/scheduler"),
		httpcli.Codec(codecs.ByMediaType[codecs.MediaTypeProtobuf]),
		httpcli.Do(client.Do),
	)
	withID := callrules.WithFrameworkID(func() string { return d.service.FrameworkID })
	return callrules.New(withID).Caller(httpsched.NewCaller(cli))
}

// run lives until ctx ends, or the master refuses the framework.
func (d *driver) run(ctx context.Context) error {
	// The stream outlives ctx by the time that a last call takes.
	streams, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer d.join()
	defer cancel()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		var err error
		select {
		case e := <-d.events:
			err = d.handle(ctx, e)
		case end := <-d.ended:
			err = d.disconnected(end)
		case now := <-tick.C:
			d.tick(ctx, streams, now)
		case <-ctx.Done():
			return d.leave(streams)
		}
		if err != nil {
			return err
		}
	}
}

// subscribe opens a stream. controller.Run ends with it, because the next one
// is begun by tick.
func (d *driver) subscribe(ctx context.Context) {
	ctx, d.cancel = context.WithCancel(ctx)
	d.heard, d.beat = time.Now(), 15*time.Second
	id, cancel := d.service.FrameworkID, d.cancel
	go func() {
		d.ended <- controller.Run(ctx, d.config.frameworkInfo(), d.caller,
			controller.WithFrameworkID(func() string { return id }),
			controller.WithEventHandler(events.HandlerFunc(d.pass)),
			controller.WithSubscriptionTerminated(func(error) { cancel() }),
		)
	}()
}

// pass hands an event to the owner. An ERROR ends the subscription.
func (d *driver) pass(ctx context.Context, e *scheduler.Event) error {
	if e.GetType() == scheduler.Event_ERROR {
		return controller.ErrEvent(e.GetError().GetMessage())
	}
	select {
	case d.events <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// disconnected prepares the next subscription. An ERROR event is final: another
// process has taken this framework over, or the master has torn it down.
func (d *driver) disconnected(err error) error {
	d.cancel()
	d.cancel, d.subscribed = nil, false
	var refused controller.ErrEvent
	if errors.As(err, &refused) {
		return fmt.Errorf("the master says %q (to begin anew, remove %s)", string(refused), d.config.memory)
	}
	d.retry = min(max(2*d.retry, firstRetry), lastRetry)
	d.again = time.Now().Add(d.retry)
	d.caller = d.newCaller()
	d.log.Printf("disconnected (%v), again in %v", err, d.retry)
	return nil
}

// join ends the subscription and waits for its goroutine.
func (d *driver) join() {
	if d.cancel != nil {
		d.cancel()
		d.log.Printf("disconnected (%v)", <-d.ended)
	}
}

// leave is the end of this program: the service goes on without it until the
// failover timeout is over, or is torn down with the framework.
func (d *driver) leave(ctx context.Context) error {
	if !d.config.teardown {
		d.log.Print("leaving; the service runs on")
		return nil
	}
	d.log.Print("tearing the framework down")
	if err := d.send(ctx, &scheduler.Call{Type: scheduler.Call_TEARDOWN}); err != nil {
		return err
	}
	return os.Remove(d.config.memory)
}

// send makes one call; without a subscription the master takes none.
func (d *driver) send(ctx context.Context, call *scheduler.Call) error {
	if !d.subscribed {
		return fmt.Errorf("%s: not subscribed", call.GetType())
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := calls.CallNoData(ctx, d.caller, call); err != nil {
		return fmt.Errorf("%s: %w", call.GetType(), err)
	}
	return nil
}

// try makes a call whose failure heals: the next subscription brings what was
// lost.
func (d *driver) try(ctx context.Context, call *scheduler.Call) {
	if err := d.send(ctx, call); err != nil {
		d.log.Print(err)
	}
}
