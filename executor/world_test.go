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
// volumes that do what a test says on the other.
type world struct {
	*agent
	*life     // of every task that has none of its own
	lives     map[string]*life
	t         *testing.T
	options   executor.Options
	stream    *stream
	terminate chan os.Signal
	result    chan error
	abandoned atomic.Bool

	unsubscribed bool // SUBSCRIBED is the test's to say
}

// life is what a task holds, and the task. The zero hooks succeed.
type life struct {
	onHold    func(ctx context.Context, report func(volumes.Progress)) error
	onStart   func(ctx context.Context) error
	onRelease func(ctx context.Context) error
	onCheck   func(ctx context.Context, command guard.Task) (syscall.WaitStatus, error)
	onVolumes func() []volumes.VolumeState
	signals   chan syscall.Signal
	exited    chan syscall.WaitStatus
	lost      chan error
	started   atomic.Bool
	stopped   atomic.Bool
	released  atomic.Bool
	pinned    atomic.Bool
}

func newLife() *life {
	return &life{signals: make(chan syscall.Signal, 10), exited: make(chan syscall.WaitStatus, 1), lost: make(chan error, 1)}
}

// hold is what Options.Hold does for the task.
func (l *life) hold(ctx context.Context, report func(volumes.Progress)) (executor.Held, error) {
	if l.onHold != nil {
		if err := l.onHold(ctx, report); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *life) Start(ctx context.Context, _ guard.Task) error {
	l.started.Store(true)
	if l.onStart != nil {
		return l.onStart(ctx)
	}
	return nil
}

func (l *life) StartContainer(ctx context.Context, _ volumes.Body) error {
	return l.Start(ctx, guard.Task{})
}

func (l *life) Exec(ctx context.Context, command guard.Task) (syscall.WaitStatus, error) {
	return l.onCheck(ctx, command)
}

func (l *life) Volumes() []volumes.VolumeState {
	if l.onVolumes == nil {
		return nil
	}
	return l.onVolumes()
}

func (l *life) Signal(s syscall.Signal) error     { l.signals <- s; return nil }
func (l *life) Exited() <-chan syscall.WaitStatus { return l.exited }
func (l *life) Lost() <-chan error                { return l.lost }
func (l *life) Pinned() bool                      { return l.pinned.Load() }

func (l *life) Stop(context.Context) error {
	l.stopped.Store(true)
	return nil
}

func (l *life) Release(ctx context.Context) error {
	l.released.Store(l.stopped.Load()) // in this order
	if l.onRelease != nil {
		return l.onRelease(ctx)
	}
	return nil
}

// of is the life of a task.
func (w *world) of(task string) *life {
	if l, ok := w.lives[task]; ok {
		return l
	}
	return w.life
}

// inWorld runs a test in a world whose executor is subscribed, unless the test is
// to see to that.
func inWorld(t *testing.T, change func(*world), test func(t *testing.T, w *world), capabilities ...mesos.FrameworkInfo_Capability_Type) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			agent: newAgent(t), life: newLife(), lives: map[string]*life{}, t: t,
			terminate: make(chan os.Signal), result: make(chan error, 1),
		}
		w.options = executor.Options{
			Environment: environment(), Transport: w.transport(""), Terminate: w.terminate, Log: zaptest.NewLogger(t),
			Spec:           executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"true"}, Sandbox: "/"},
			ReleaseTimeout: 30 * time.Second,
			Recover:        func(context.Context) {},
			Abandon:        func() { w.abandoned.Store(true) },
			Hold: func(ctx context.Context, s executor.Spec, report func(volumes.Progress)) (executor.Held, error) {
				return w.of(s.Task).hold(ctx, report)
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
		if !w.unsubscribed {
			w.stream.send(subscribed(capabilities...))
		}
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
	w.life.signalled(w.t, want)
}

func (l *life) signalled(t *testing.T, want syscall.Signal) {
	t.Helper()
	select {
	case got := <-l.signals:
		if got != want {
			t.Fatalf("signal %v, wanted %v", got, want)
		}
	case <-time.After(time.Hour):
		t.Fatalf("no %v", want)
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
