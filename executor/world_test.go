package executor_test

import (
	"context"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// world is an executor's run on virtual time: a scripted agent on one side,
// volumes that do what a test says on the other. The zero hooks succeed.
type world struct {
	*agent
	t         *testing.T
	options   executor.Options
	stream    *stream
	terminate chan os.Signal
	result    chan error
	abandoned atomic.Bool

	onHold    func(ctx context.Context, report func(volumes.Progress)) error
	onStart   func(ctx context.Context) error
	onRelease func(ctx context.Context) error
	signals   chan syscall.Signal
	exited    chan syscall.WaitStatus
	lost      chan error
	stopped   atomic.Bool
	released  atomic.Bool
	pinned    atomic.Bool
}

func (w *world) Start(ctx context.Context, _ guard.Task) error {
	if w.onStart != nil {
		return w.onStart(ctx)
	}
	return nil
}

func (w *world) Signal(s syscall.Signal) error     { w.signals <- s; return nil }
func (w *world) Exited() <-chan syscall.WaitStatus { return w.exited }
func (w *world) Lost() <-chan error                { return w.lost }
func (w *world) Pinned() bool                      { return w.pinned.Load() }

func (w *world) Stop(context.Context) error {
	w.stopped.Store(true)
	return nil
}

func (w *world) Release(ctx context.Context) error {
	w.released.Store(w.stopped.Load()) // in this order
	if w.onRelease != nil {
		return w.onRelease(ctx)
	}
	return nil
}

// inWorld runs a test in a world whose executor is subscribed.
func inWorld(t *testing.T, change func(*world), test func(t *testing.T, w *world), capabilities ...mesos.FrameworkInfo_Capability_Type) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			agent: newAgent(t), t: t, terminate: make(chan os.Signal), result: make(chan error, 1),
			signals: make(chan syscall.Signal, 10), exited: make(chan syscall.WaitStatus, 1), lost: make(chan error, 1),
		}
		w.options = executor.Options{
			Environment: environment(), Transport: w.transport(""), Terminate: w.terminate, Log: zaptest.NewLogger(t),
			Spec:           executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"true"}, Sandbox: "/"},
			ReleaseTimeout: 30 * time.Second,
			Recover:        func(context.Context) {},
			Abandon:        func() { w.abandoned.Store(true) },
			Hold: func(ctx context.Context, _ string, _ []volumes.Volume, report func(volumes.Progress)) (executor.Held, error) {
				if w.onHold == nil {
					return w, nil
				}
				if err := w.onHold(ctx, report); err != nil {
					return nil, err
				}
				return w, nil
			},
		}
		if change != nil {
			change(w)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.result <- executor.Run(ctx, w.options)
		}()
		defer func() {
			cancel()
			<-ended
		}()
		w.stream = <-w.streams
		w.stream.send(subscribed(capabilities...))
		test(t, w)
	})
}

// acked takes the next update, which must have this state, and acknowledges it.
func (w *world) acked(state mesos.TaskState) mesos.TaskStatus {
	w.t.Helper()
	u := wantState(w.t, w.agent, state)
	u.answer <- http.StatusAccepted
	w.stream.send(acknowledged(u.status))
	return u.status
}

// running launches task t and sees it run.
func (w *world) running(task mesos.TaskInfo) {
	w.t.Helper()
	w.stream.send(launch(task))
	w.acked(mesos.TASK_STARTING)
	w.acked(mesos.TASK_RUNNING)
}

// signalled waits for the next signal to the task.
func (w *world) signalled(want syscall.Signal) {
	w.t.Helper()
	select {
	case got := <-w.signals:
		if got != want {
			w.t.Fatalf("signal %v, wanted %v", got, want)
		}
	case <-time.After(time.Hour):
		w.t.Fatalf("no %v", want)
	}
}

// ended waits for the executor's end.
func (w *world) ended() error {
	w.t.Helper()
	select {
	case err := <-w.result:
		return err
	case <-time.After(time.Hour):
		w.t.Fatal("the executor does not end")
		return nil
	}
}
