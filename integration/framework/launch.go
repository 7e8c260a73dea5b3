package framework

import (
	"context"
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
)

// launch is a task that waits for an offer.
type launch struct {
	hostname string // "" means any
	task     mesos.TaskInfo
	accepted chan error
}

// Launch waits for an offer of the node with this hostname ("" for any) that
// has the task's resources, and accepts it. task.AgentID is filled in. It
// returns when the master has taken the ACCEPT.
func (f *Framework) Launch(ctx context.Context, hostname string, task mesos.TaskInfo) error {
	l := &launch{hostname: hostname, task: task, accepted: make(chan error, 1)}
	if err := f.in(ctx, func(s *state) { s.pending = append(s.pending, l) }); err != nil {
		return err
	}
	if err := f.call(ctx, func(*state) (*scheduler.Call, error) { return calls.Revive(), nil }); err != nil {
		return err
	}
	select {
	case err := <-l.accepted:
		return err
	case <-f.done:
		return errClosed
	case <-ctx.Done():
		_ = f.in(context.WithoutCancel(ctx), func(s *state) { s.forget(l) })
		return fmt.Errorf("no offer of node %q for task %s: %w", hostname, task.TaskID.Value, ctx.Err())
	}
}

func (s *state) forget(l *launch) {
	for i, p := range s.pending {
		if p == l {
			s.pending = append(s.pending[:i], s.pending[i+1:]...)
			return
		}
	}
}

// offers accepts each offer for every pending task that fits into it and
// declines the rest at once, for a short while.
func (s *state) offers(ctx context.Context, offers []mesos.Offer) error {
	for _, offer := range offers {
		if err := s.offer(ctx, offer); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) offer(ctx context.Context, offer mesos.Offer) error {
	s.hosts[offer.AgentID.Value] = offer.Hostname
	fitting, rest := fit(s.pending, offer)
	if len(fitting) == 0 {
		decline := calls.Decline(offer.ID).With(calls.RefuseSeconds(refuse(len(s.pending))))
		decline.FrameworkID = s.id
		return s.session.call(ctx, decline)
	}
	s.pending = rest
	var tasks []mesos.TaskInfo
	for _, l := range fitting {
		l.task.AgentID = offer.AgentID
		s.agents[l.task.TaskID.Value] = offer.AgentID.Value
		tasks = append(tasks, l.task)
	}
	accept := calls.Accept(calls.OfferOperations{calls.OpLaunch(tasks...)}.WithOffers(offer.ID)).With(calls.RefuseSeconds(0))
	accept.FrameworkID = s.id
	err := s.session.call(ctx, accept)
	for _, l := range fitting {
		l.accepted <- err
	}
	return err
}
