package framework

import (
	"context"
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
)

// launch is one operation that waits for an offer: LAUNCH of a single task, or
// LAUNCH_GROUP when there is a group's executor.
type launch struct {
	hostname string // "" means any
	name     string // for messages
	tasks    []mesos.TaskInfo
	executor *mesos.ExecutorInfo               // of a group
	match    func(mesos.Offer) *mesos.TaskInfo // makes tasks, if there is one
	accepted chan error
}

// Launch waits for an offer of the node with this hostname ("" for any) that
// has the task's resources, and accepts it. task.AgentID is filled in. It
// returns when the master has taken the ACCEPT.
func (f *Framework) Launch(ctx context.Context, hostname string, task mesos.TaskInfo) error {
	return f.launch(ctx, &launch{hostname: hostname, name: task.TaskID.Value, tasks: []mesos.TaskInfo{task}})
}

// LaunchGroup is Launch for a LAUNCH_GROUP: all tasks below one executor, or
// none. executor.FrameworkID, which the master does not fill in for groups, is
// filled in here; it needs a type, cpus, mem and some disk.
func (f *Framework) LaunchGroup(ctx context.Context, hostname string, executor mesos.ExecutorInfo, tasks []mesos.TaskInfo) error {
	return f.launch(ctx, &launch{hostname: hostname, name: executor.ExecutorID.Value, tasks: slices.Clone(tasks), executor: &executor})
}

// LaunchMatching is Launch for a task that is made from the offer it goes to,
// because it needs the node's name or ports. match returns nil for an offer that
// does not suit; it runs in the framework's goroutine and may be called often.
// name is for messages.
func (f *Framework) LaunchMatching(ctx context.Context, hostname, name string, match func(mesos.Offer) *mesos.TaskInfo) error {
	return f.launch(ctx, &launch{hostname: hostname, name: name, match: match})
}

func (f *Framework) launch(ctx context.Context, l *launch) error {
	l.accepted = make(chan error, 1)
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
		return fmt.Errorf("no offer of node %q for %s: %w", l.hostname, l.name, ctx.Err())
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
	var operations calls.OfferOperations
	for _, l := range fitting {
		operations = append(operations, s.operation(l, offer.AgentID))
	}
	accept := calls.Accept(operations.WithOffers(offer.ID)).With(calls.RefuseSeconds(0))
	accept.FrameworkID = s.id
	err := s.session.call(ctx, accept)
	for _, l := range fitting {
		l.accepted <- err
	}
	return err
}

// operation fills in what only the offer tells, and notes who runs where.
func (s *state) operation(l *launch, agent mesos.AgentID) mesos.Offer_Operation {
	for i := range l.tasks {
		task := &l.tasks[i]
		task.AgentID = agent
		s.agents[task.TaskID.Value] = agent.Value
		if task.Executor != nil {
			s.executors[task.TaskID.Value] = task.Executor.ExecutorID.Value
		}
		if l.executor != nil {
			s.executors[task.TaskID.Value] = l.executor.ExecutorID.Value
		}
	}
	if l.executor == nil {
		return calls.OpLaunch(l.tasks...)
	}
	l.executor.FrameworkID = s.id
	return calls.OpLaunchGroup(*l.executor, l.tasks...)
}
