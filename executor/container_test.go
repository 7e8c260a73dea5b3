package executor_test

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

func TestContainerEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		exit    *syscall.WaitStatus // nil: nobody knows
		why     string
		memory  bool
		state   mesos.TaskState
		reason  *mesos.TaskStatus_Reason
		message string
	}{
		{name: "finishes", exit: new(syscall.WaitStatus), state: mesos.TASK_FINISHED, message: "Container exited with status 0"},
		{name: "fails", exit: exitStatus(3), state: mesos.TASK_FAILED, message: "Container exited with status 3"},
		{name: "is killed by a signal", exit: exitStatus(137), state: mesos.TASK_FAILED, message: "Container exited with status 137"},
		{
			name: "exceeds its memory", exit: exitStatus(137), why: "it ran out of memory", memory: true,
			state: mesos.TASK_FAILED, reason: reason(mesos.REASON_CONTAINER_LIMITATION_MEMORY),
			message: "Container exited with status 137: it ran out of memory",
		},
		{
			name: "is removed by hand", why: "somebody removed the container",
			state: mesos.TASK_FAILED, message: "Failed to get exit status of container: somebody removed the container",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBox(t, func(_ *world, b *box) { b.why, b.memory = c.why, c.memory }, func(t *testing.T, w *world, b *box) {
				w.running(onHost())
				if c.exit == nil {
					close(w.exited)
				} else {
					w.exited <- *c.exit
				}
				end := wantState(t, w.agent, c.state)
				if !w.released.Load() {
					t.Error("terminal status before the release")
				}
				if end.status.GetMessage() != c.message {
					t.Errorf("message %q, wanted %q", end.status.GetMessage(), c.message)
				}
				wantReason(t, end.status, c.reason)
				end.answer <- http.StatusAccepted
				w.stream.send(acknowledged(end.status))
			})
		})
	}
}

func exitStatus(code int) *syscall.WaitStatus {
	s := syscall.WaitStatus(code << 8)
	return &s
}

// Nothing is begun for a container without an engine.
func TestContainerWithoutEngine(t *testing.T) {
	inWorld(t, func(w *world) {
		w.options.Container = func(context.Context, executor.Spec) (executor.Container, error) {
			return nil, errors.New("--docker-socket=/nowhere: there is no such socket")
		}
		w.onHold = func(context.Context, func(volumes.Progress)) error {
			t.Error("a volume was taken")
			return nil
		}
	}, func(t *testing.T, w *world) {
		w.stream.send(launch(onHost()))
		w.acked(mesos.TASK_STARTING)
		end := w.acked(mesos.TASK_FAILED)
		wantMessage(t, end, "--docker-socket=/nowhere")
		wantReason(t, end, reason(mesos.REASON_CONTAINER_LAUNCH_FAILED))
		if err := w.ended(); err != nil {
			t.Error(err)
		}
	})
}

func TestContainerKill(t *testing.T) {
	for _, c := range []struct {
		name  string
		give  func(*world)
		after time.Duration // SIGKILL
	}{
		{"the agent's grace without a policy", func(w *world) { w.stream.send(kill("t")) }, 5 * time.Second},
		{"its own grace", func(w *world) { w.stream.send(kill("t", int64(20*time.Second))) }, 20 * time.Second},
		{"again", func(w *world) {
			w.stream.send(kill("t", int64(time.Hour)))
			<-time.After(time.Minute)
			w.stream.send(kill("t", int64(61*time.Second)))
		}, 61 * time.Second},
		{"SIGTERM", func(w *world) { w.terminate <- syscall.SIGTERM }, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBox(t, nil, func(t *testing.T, w *world, b *box) {
				w.running(onHost())
				began := time.Now()
				c.give(w)
				w.signalled(syscall.SIGTERM)
				w.signalled(syscall.SIGKILL)
				if took := time.Since(began); took != c.after {
					t.Errorf("SIGKILL after %v", took)
				}
				w.exited <- *exitStatus(137)
				if end := w.acked(mesos.TASK_KILLED); end.GetMessage() != "Container exited with status 137" {
					t.Errorf("message %q", end.GetMessage())
				}
			})
		})
	}
}

// An engine that does not answer any more ends nothing and removes nothing; the
// life goes on, and its last status says what is left.
func TestContainerWhoseEngineHangs(t *testing.T) {
	inBox(t, func(w *world, _ *box) {
		w.onRelease = func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("remove container flocker-box: the engine does not answer")
		}
	}, func(t *testing.T, w *world, b *box) {
		w.running(onHost())
		began := time.Now()
		w.stream.send(kill("t"))
		w.signalled(syscall.SIGTERM)
		w.signalled(syscall.SIGKILL)
		end := w.acked(mesos.TASK_FAILED)
		wantMessage(t, end, "Failed to get exit status of container; remove container flocker-box: the engine does not answer")
		if took := time.Since(began); took != 45*time.Second {
			t.Errorf("terminal status after %v", took)
		}
	})
}

func TestContainerCompletes(t *testing.T) {
	inBox(t, nil, func(t *testing.T, w *world, b *box) {
		task := onHost()
		task.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: int64(time.Minute)}
		w.running(task)
		w.signalled(syscall.SIGTERM)
		w.signalled(syscall.SIGKILL)
		w.exited <- *exitStatus(137)
		wantReason(t, w.acked(mesos.TASK_FAILED), reason(mesos.REASON_MAX_COMPLETION_TIME_REACHED))
	})
}
