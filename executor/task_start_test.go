package executor_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

func TestTaskThatCannotRun(t *testing.T) {
	refused := errors.New("dataset webapp-data is held by node 2222")
	for _, c := range []struct {
		name    string
		task    mesos.TaskInfo
		change  func(*world)
		started bool // STARTING goes out first
		reason  mesos.TaskStatus_Reason
		message string
	}{
		{"bad label", withLabels("flocker.volume", "x"), nil, false, mesos.REASON_TASK_INVALID, "flocker.volume"},
		{
			"bad settings", info("t"), func(w *world) { w.options.Broken = errors.New("flag --lease: 4x") },
			false, mesos.REASON_TASK_INVALID, "--lease",
		},
		{
			"acquire fails", info("t"), func(w *world) {
				w.onHold = func(context.Context, func(volumes.Progress)) error { return refused }
			}, true, mesos.REASON_CONTAINER_LAUNCH_FAILED, refused.Error(),
		},
		{
			"start fails", info("t"), func(w *world) { w.onStart = func(context.Context) error { return errors.New("exec: no such file") } },
			true, mesos.REASON_CONTAINER_LAUNCH_FAILED, "no such file",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, c.change, func(t *testing.T, w *world) {
				w.stream.send(launch(c.task))
				if c.started {
					w.acked(mesos.TASK_STARTING)
				}
				end := w.acked(mesos.TASK_FAILED)
				wantReason(t, end, &c.reason)
				wantMessage(t, end, c.message)
				if err := w.ended(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What ends a task while its volumes are being acquired, or while it starts.
func TestEndedBeforeRunning(t *testing.T) {
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return errors.Join(errors.New("dataset webapp-data: lease not returned"), context.Cause(ctx))
	}
	during := map[string]func(*world){
		"hold": func(w *world) {
			w.onHold = func(ctx context.Context, _ func(volumes.Progress)) error { return hang(ctx) }
		},
		"start": func(w *world) { w.onStart = hang },
	}
	orders := map[string]struct {
		give    func(*world)
		message string
	}{
		"task was killed":        {func(w *world) { w.stream.send(kill("t")) }, "task was killed"},
		"executor was shut down": {func(w *world) { w.stream.send(&wire.Event{Type: wire.Event_SHUTDOWN}) }, "executor was shut down"},
		"SIGTERM":                {func(w *world) { w.terminate <- syscall.SIGTERM }, "executor was shut down"},
	}
	for step, change := range during {
		for name, o := range orders {
			t.Run(step+", "+name, func(t *testing.T) {
				inWorld(t, change, func(t *testing.T, w *world) {
					w.stream.send(launch(info("t")))
					w.acked(mesos.TASK_STARTING)
					synctest.Wait() // until it hangs
					given := time.Now()
					o.give(w)
					end := w.acked(mesos.TASK_KILLED)
					if took := time.Since(given); took > time.Second {
						t.Errorf("took %v", took)
					}
					wantMessage(t, end, o.message, "lease not returned; ") // on one line
					if w.released.Load() != (step == "start") {
						t.Errorf("released: %v", w.released.Load())
					}
				})
			})
		}
	}
}

// A start that hangs (a dead filesystem in the way) does not hang for ever.
func TestStartHangs(t *testing.T) {
	inWorld(t, func(w *world) {
		w.onStart = func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}
	}, func(t *testing.T, w *world) {
		began := time.Now()
		w.stream.send(launch(info("t")))
		w.acked(mesos.TASK_STARTING)
		end := w.acked(mesos.TASK_FAILED)
		wantReason(t, end, reason(mesos.REASON_CONTAINER_LAUNCH_FAILED))
		wantMessage(t, end, "not started within 1m0s")
		if took := time.Since(began); took != time.Minute || !w.released.Load() {
			t.Errorf("took %v, released %v", took, w.released.Load())
		}
	})
}
