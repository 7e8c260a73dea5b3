package framework

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
)

// Options of a framework.
type Options struct {
	Master       string // base URL: http://host:port
	Name         string
	User         string   // default root: the executor binds volumes
	Role         string   // default "*"
	Checkpoint   bool     // executors survive a restart of their agent
	Capabilities []string // beside PARTITION_AWARE and TASK_KILLING_STATE
	// Without are capabilities that the framework does not have: those of an old one.
	Without []mesos.FrameworkInfo_Capability_Type
	// OnStatus is told every status and the hostname of its agent ("" if there is
	// none), in order, from the framework's goroutine.
	OnStatus func(hostname string, s mesos.TaskStatus)
	// OnFailure is told that an executor or agent is gone.
	OnFailure func(scheduler.Event_Failure)
}

// Framework is one subscribed framework. Its methods may be called from any
// goroutine until Close.
type Framework struct {
	options Options
	client  *http.Client
	do      chan func(*state)
	cancel  context.CancelFunc
	done    chan struct{}
}

// errClosed is what every method returns after Close.
var errClosed = errors.New("framework is closed")

// Connect subscribes and returns when the master has answered SUBSCRIBED. The
// framework lives until Close, not until ctx ends.
func Connect(ctx context.Context, o Options) (*Framework, error) {
	if o.User == "" {
		o.User = "root"
	}
	if o.Role == "" {
		o.Role = "*"
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &Framework{
		options: o,
		client:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
		do:      make(chan func(*state)),
		cancel:  cancel,
		done:    make(chan struct{}),
	}
	subscribed := make(chan error, 1)
	go f.run(run, subscribed)
	select {
	case err := <-subscribed:
		if err == nil {
			return f, nil
		}
		cancel()
		<-f.done
		return nil, fmt.Errorf("subscribe to %s: %w", o.Master, err)
	case <-ctx.Done():
		cancel()
		<-f.done
		return nil, fmt.Errorf("subscribe to %s: %w", o.Master, ctx.Err())
	}
}

// Close tears the framework down, which ends its tasks, and joins everything.
// Repeatable.
func (f *Framework) Close(ctx context.Context) error {
	err := f.call(ctx, func(s *state) (*scheduler.Call, error) {
		return &scheduler.Call{Type: scheduler.Call_TEARDOWN, FrameworkID: s.id}, nil
	})
	f.cancel()
	<-f.done
	f.client.CloseIdleConnections()
	if errors.Is(err, errClosed) {
		return nil
	}
	return err
}

// Kill asks for the end of a task; grace nil leaves the task's own kill policy.
func (f *Framework) Kill(ctx context.Context, taskID string, grace *time.Duration) error {
	return f.call(ctx, func(s *state) (*scheduler.Call, error) {
		call := calls.Kill(taskID, s.agentOf(taskID))
		if grace != nil {
			call.Kill.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: grace.Nanoseconds()}}
		}
		return call, nil
	})
}

// Shutdown asks an executor, named as its task, to end.
func (f *Framework) Shutdown(ctx context.Context, taskID, executorID string) error {
	return f.call(ctx, func(s *state) (*scheduler.Call, error) {
		return calls.Shutdown(executorID, s.agentOf(taskID)), nil
	})
}

// ExecutorID names the executor that a task was launched with; "" for a task
// that was never launched.
func (f *Framework) ExecutorID(ctx context.Context, taskID string) (string, error) {
	var id string
	err := f.in(ctx, func(s *state) { id = s.executors[taskID] })
	return id, err
}

// Statuses returns every status of a task so far, oldest first. Repeated
// deliveries of one update appear once.
func (f *Framework) Statuses(ctx context.Context, taskID string) ([]mesos.TaskStatus, error) {
	var out []mesos.TaskStatus
	err := f.in(ctx, func(s *state) { out = append(out, s.statuses[taskID]...) })
	return out, err
}

// Wait returns the first status of the task, past ones included, that is wanted.
func (f *Framework) Wait(ctx context.Context, taskID string, wanted func(mesos.TaskStatus) bool) (mesos.TaskStatus, error) {
	found := make(chan mesos.TaskStatus, 1)
	if err := f.in(ctx, func(s *state) { s.wait(taskID, wanted, found) }); err != nil {
		return mesos.TaskStatus{}, err
	}
	select {
	case status := <-found:
		return status, nil
	case <-f.done:
		return mesos.TaskStatus{}, errClosed
	case <-ctx.Done():
		return mesos.TaskStatus{}, f.waited(ctx, taskID)
	}
}

// waited tells what was seen instead of what was waited for.
func (f *Framework) waited(ctx context.Context, taskID string) error {
	seen := "no status"
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if all, err := f.Statuses(look, taskID); err == nil && len(all) > 0 {
		last := all[len(all)-1]
		seen = fmt.Sprintf("%s %q", last.GetState(), last.GetMessage())
	}
	return fmt.Errorf("wait for task %s (last seen: %s): %w", taskID, seen, ctx.Err())
}

// in runs fn in the owner goroutine.
func (f *Framework) in(ctx context.Context, fn func(*state)) error {
	ran := make(chan struct{})
	select {
	case f.do <- func(s *state) { fn(s); close(ran) }:
	case <-f.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	<-ran
	return nil
}

// call makes a call in the owner goroutine and sends it from the caller's.
func (f *Framework) call(ctx context.Context, make func(*state) (*scheduler.Call, error)) error {
	var call *scheduler.Call
	var session *session
	var err error
	if e := f.in(ctx, func(s *state) {
		call, err = make(s)
		session = s.session
		if call != nil {
			call.FrameworkID = s.id
		}
	}); e != nil {
		return e
	}
	if err != nil {
		return err
	}
	if session == nil {
		return errors.New("framework is not subscribed at the moment")
	}
	return session.call(ctx, call)
}
