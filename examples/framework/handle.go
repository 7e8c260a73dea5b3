package main

import (
	"context"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
)

const (
	// unsuitable is how long an offer is declined that may suit soon.
	unsuitable = 5 * time.Second
	// askAgain is how long the master may be silent about our task.
	askAgain = 15 * time.Second
)

// handle takes in one event. An error ends the program: what it must remember
// could not be written.
func (d *driver) handle(ctx context.Context, e *scheduler.Event) error {
	d.heard = time.Now()
	switch e.GetType() {
	case scheduler.Event_SUBSCRIBED:
		return d.begin(e.GetSubscribed())
	case scheduler.Event_OFFERS:
		return d.offers(ctx, e.GetOffers().GetOffers())
	case scheduler.Event_UPDATE:
		return d.update(ctx, e.GetUpdate().GetStatus())
	case scheduler.Event_FAILURE:
		return d.failure(e.GetFailure())
	}
	return nil
}

// begin follows a subscription: the framework's id is kept before anything is
// launched under it, and the task is asked for.
func (d *driver) begin(e *scheduler.Event_Subscribed) error {
	if err := d.service.subscribed(e.GetFrameworkID().GetValue()); err != nil {
		return err
	}
	d.subscribed, d.suppressed, d.retry = true, false, 0
	if s := e.GetHeartbeatIntervalSeconds(); s > 0 {
		d.beat = time.Duration(s * float64(time.Second))
	}
	d.log.Printf("subscribed as framework %s", d.service.FrameworkID)
	d.asked = time.Time{} // tick asks for the task at once
	return nil
}

// reconcile asks for our task by name until something is said of it (a master
// that has just become the leader may be silent), later for whatever there is.
func (d *driver) reconcile(ctx context.Context) {
	d.asked = time.Now()
	tasks := map[string]string{}
	if t := d.service.Task; t != nil && !d.service.confirmed {
		tasks[t.ID] = t.Agent
	}
	d.try(ctx, calls.Reconcile(calls.ReconcileTasks(tasks)))
}

// offers are used or declined, each at once: an offer that is kept is kept from
// everybody.
func (d *driver) offers(ctx context.Context, offers []mesos.Offer) error {
	now := time.Now()
	wants := d.service.wants(now)
	var chosen string
	if wants {
		if o, found := d.service.pick(offers, now); found {
			chosen = o.ID.Value
			if err := d.launch(ctx, o); err != nil {
				return err
			}
		}
	}
	for _, o := range offers {
		if o.ID.Value != chosen {
			d.try(ctx, calls.Decline(o.ID).With(calls.RefuseSeconds(unsuitable)))
		}
	}
	return nil
}

// launch accepts the offer. Whether that worked tells the task's status, or
// reconciliation.
func (d *driver) launch(ctx context.Context, o mesos.Offer) error {
	info, err := d.service.launch(o)
	if err != nil {
		return err
	}
	d.log.Printf("launching %s on %s", info.TaskID.Value, o.Hostname)
	d.asked = time.Now()
	d.try(ctx, calls.Accept(calls.OfferOperations{calls.OpLaunch(info)}.WithOffers(o.ID)))
	return nil
}

// update takes a status in and only then acknowledges it: what is acknowledged
// never comes again. One without a uuid is the master's own.
func (d *driver) update(ctx context.Context, s mesos.TaskStatus) error {
	d.log.Print(describe(s))
	kill, err := d.service.status(s, time.Now())
	if err != nil {
		return err
	}
	if len(s.GetUUID()) > 0 {
		d.try(ctx, calls.Acknowledge(s.GetAgentID().GetValue(), s.TaskID.Value, s.GetUUID()))
	}
	if kill {
		d.log.Printf("killing %s, which was replaced", s.TaskID.Value)
		d.try(ctx, calls.Kill(s.TaskID.Value, s.GetAgentID().GetValue()))
	}
	return nil
}

// describe a status in a line. GetReason of none would be one that is wrong.
func describe(s mesos.TaskStatus) string {
	text := s.TaskID.Value + " " + s.GetState().String()
	if s.Reason != nil {
		text += " " + s.Reason.String()
	}
	if s.Message != nil {
		text += ": " + *s.Message
	}
	return text
}

// failure is the end of an executor, whose tasks get their own statuses, or of
// an agent.
func (d *driver) failure(f *scheduler.Event_Failure) error {
	if f.GetExecutorID() != nil {
		return nil
	}
	d.log.Printf("agent %s is lost", f.GetAgentID().GetValue())
	return d.service.agentLost(f.GetAgentID().GetValue())
}

// tick does what is due: a subscription, the end of a stream that is dead, a
// reconciliation, and asking for offers or for none.
func (d *driver) tick(ctx, streams context.Context, now time.Time) {
	switch {
	case d.cancel == nil && !now.Before(d.again):
		d.subscribe(streams)
	case d.cancel != nil && now.Sub(d.heard) > missedBeats*d.beat+callTimeout:
		d.log.Printf("no heartbeat since %s", d.heard.Format(time.TimeOnly))
		d.heard = now
		d.cancel()
	case !d.subscribed:
	case d.due(now):
		d.reconcile(ctx)
	case d.suppressed && d.service.wants(now):
		d.suppressed = false
		d.try(ctx, calls.Revive())
	case !d.suppressed && d.service.Task != nil:
		d.suppressed = true
		d.try(ctx, calls.Suppress())
	}
}

// due says whether the master is to be asked for tasks.
func (d *driver) due(now time.Time) bool {
	every := d.config.reconcile
	if d.service.Task != nil && !d.service.confirmed {
		every = askAgain
	}
	return now.Sub(d.asked) >= every
}
