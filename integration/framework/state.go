package framework

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
)

var errStreamClosed = errors.New("the master closed the stream")

// state belongs to the goroutine of run.
type state struct {
	options   Options
	id        *mesos.FrameworkID
	session   *session
	pending   []*launch
	agents    map[string]string // task → agent
	executors map[string]string // task → executor id
	hosts     map[string]string // agent → hostname
	statuses  map[string][]mesos.TaskStatus
	waiters   map[string][]waiter
}

type waiter struct {
	wanted func(mesos.TaskStatus) bool
	found  chan<- mesos.TaskStatus
}

func (f *Framework) run(ctx context.Context, subscribed chan<- error) {
	defer close(f.done)
	s := &state{
		options:   f.options,
		agents:    map[string]string{},
		executors: map[string]string{},
		hosts:     map[string]string{},
		statuses:  map[string][]mesos.TaskStatus{},
		waiters:   map[string][]waiter{},
	}
	for ctx.Err() == nil {
		err := f.stream(ctx, s, subscribed)
		if s.id == nil {
			subscribed <- err
			return
		}
		f.pause(ctx, s, time.Duration(100+rand.IntN(200))*time.Millisecond)
	}
}

// pause goes on answering the framework's methods between two subscriptions.
func (f *Framework) pause(ctx context.Context, s *state, d time.Duration) {
	over := time.NewTimer(d)
	defer over.Stop()
	for {
		select {
		case fn := <-f.do:
			fn(s)
		case <-over.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// stream is one subscription, from SUBSCRIBE to the end of the stream.
func (f *Framework) stream(ctx context.Context, s *state, subscribed chan<- error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	session, err := subscribe(ctx, f.client, f.options.Master+"/api/v1/scheduler", s.subscribeCall())
	if err != nil {
		return err
	}
	events := make(chan *scheduler.Event)
	var broken error // set before events is closed
	go func() {
		defer close(events)
		broken = session.events(ctx, events)
	}()
	defer func() {
		s.session = nil
		cancel()
		_ = session.body.Close()
		for range events { // until it is closed: the reader has ended
		}
	}()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return cmp.Or(broken, errStreamClosed)
			}
			if err := s.handle(ctx, session, e, subscribed); err != nil {
				return err
			}
		case fn := <-f.do:
			fn(s)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// usual are the capabilities that a framework of today has.
var usual = []mesos.FrameworkInfo_Capability_Type{
	mesos.FrameworkInfo_Capability_PARTITION_AWARE,
	mesos.FrameworkInfo_Capability_TASK_KILLING_STATE,
	mesos.FrameworkInfo_Capability_MULTI_ROLE,
	mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT,
}

func (s *state) subscribeCall() *scheduler.Call {
	hour := float64(3600)
	info := &mesos.FrameworkInfo{
		ID: s.id, Name: s.options.Name, User: s.options.User, Roles: []string{s.options.Role},
		Checkpoint: &s.options.Checkpoint, FailoverTimeout: &hour,
	}
	for _, kind := range usual {
		if !slices.Contains(s.options.Without, kind) {
			info.Capabilities = append(info.Capabilities, mesos.FrameworkInfo_Capability{Type: kind})
		}
	}
	for _, name := range s.options.Capabilities {
		kind := mesos.FrameworkInfo_Capability_Type(mesos.FrameworkInfo_Capability_Type_value[name])
		info.Capabilities = append(info.Capabilities, mesos.FrameworkInfo_Capability{Type: kind})
	}
	return calls.Subscribe(info)
}

func (s *state) handle(ctx context.Context, session *session, e *scheduler.Event, subscribed chan<- error) error {
	switch e.Type {
	case scheduler.Event_SUBSCRIBED:
		return s.subscribed(ctx, session, e.GetSubscribed(), subscribed)
	case scheduler.Event_OFFERS:
		return s.offers(ctx, e.GetOffers().GetOffers())
	case scheduler.Event_UPDATE:
		return s.update(ctx, e.GetUpdate().Status)
	case scheduler.Event_FAILURE:
		if s.options.OnFailure != nil {
			s.options.OnFailure(*e.GetFailure())
		}
	case scheduler.Event_ERROR:
		return fmt.Errorf("the master says: %s", e.GetError().GetMessage())
	}
	return nil
}

func (s *state) subscribed(ctx context.Context, session *session, e *scheduler.Event_Subscribed, subscribed chan<- error) error {
	first := s.id == nil
	s.id, s.session = e.GetFrameworkID(), session
	if first {
		subscribed <- nil
		return nil
	}
	known := map[string]string{}
	for task, all := range s.statuses {
		if len(all) > 0 && !Terminal(all[len(all)-1].GetState()) {
			known[task] = s.agents[task]
		}
	}
	reconcile := calls.Reconcile(calls.ReconcileTasks(known))
	reconcile.FrameworkID = s.id
	return session.call(ctx, reconcile)
}

// update records a status once and acknowledges it as often as it comes.
func (s *state) update(ctx context.Context, status mesos.TaskStatus) error {
	task := status.GetTaskID().Value
	if agent := status.GetAgentID().GetValue(); agent != "" {
		s.agents[task] = agent
	}
	if !s.seen(task, status) {
		s.statuses[task] = append(s.statuses[task], status)
		s.tell(task, status)
	}
	if len(status.GetUUID()) == 0 {
		return nil
	}
	ack := calls.Acknowledge(status.GetAgentID().GetValue(), task, status.GetUUID())
	ack.FrameworkID = s.id
	return s.session.call(ctx, ack)
}

func (s *state) seen(task string, status mesos.TaskStatus) bool {
	for _, old := range s.statuses[task] {
		if len(status.GetUUID()) > 0 && bytes.Equal(old.GetUUID(), status.GetUUID()) {
			return true
		}
	}
	return false
}

func (s *state) tell(task string, status mesos.TaskStatus) {
	if s.options.OnStatus != nil {
		s.options.OnStatus(s.hosts[s.agents[task]], status)
	}
	var left []waiter
	for _, w := range s.waiters[task] {
		if w.wanted(status) {
			w.found <- status
			continue
		}
		left = append(left, w)
	}
	s.waiters[task] = left
}

func (s *state) wait(task string, wanted func(mesos.TaskStatus) bool, found chan<- mesos.TaskStatus) {
	for _, status := range s.statuses[task] {
		if wanted(status) {
			found <- status
			return
		}
	}
	s.waiters[task] = append(s.waiters[task], waiter{wanted, found})
}

func (s *state) agentOf(task string) string { return s.agents[task] }

// Terminal says whether a task in this state has ended for good.
func Terminal(state mesos.TaskState) bool {
	switch state {
	case mesos.TASK_FINISHED, mesos.TASK_FAILED, mesos.TASK_KILLED, mesos.TASK_ERROR, mesos.TASK_LOST,
		mesos.TASK_DROPPED, mesos.TASK_GONE, mesos.TASK_GONE_BY_OPERATOR:
		return true
	}
	return false
}
