package executor_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// One task that fails or is killed ends the others, at once: their end does not
// wait for its release.
func TestGroupRule(t *testing.T) {
	for _, c := range []struct {
		name  string
		end   func(*world)
		state mesos.TaskState
		says  string
	}{
		{"failed", func(w *world) { w.lives["a"].exited <- 3 << 8 }, mesos.TASK_FAILED, `task "a" of its group failed (Command exited with status 3)`},
		{"killed", func(w *world) {
			w.stream.send(kill("a"))
			w.lives["a"].signalled(w.t, syscall.SIGTERM)
			w.lives["a"].exited <- syscall.WaitStatus(syscall.SIGTERM)
		}, mesos.TASK_KILLED, `task "a" of its group was killed (Command terminated with signal Terminated)`},
		{"volume lost", func(w *world) {
			w.lives["a"].lost <- errors.New("moved")
			w.lives["a"].signalled(w.t, syscall.SIGTERM)
			w.lives["a"].exited <- 0
		}, mesos.TASK_FAILED, `task "a" of its group failed (volume is lost: moved; Command exited with status 0)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			releasing := make(chan struct{})
			inGroup(t, func(w *world) {
				releasing = make(chan struct{})
				w.lives["a"].onRelease = func(context.Context) error { <-releasing; return nil }
			}, func(t *testing.T, w *world) {
				w.runningGroup()
				c.end(w)
				b := w.lives["b"]
				began := time.Now()
				b.signalled(t, syscall.SIGTERM)
				b.signalled(t, syscall.SIGKILL)
				if took := time.Since(began); took != 3*time.Second {
					t.Errorf("SIGKILL after %v", took)
				}
				b.exited <- syscall.WaitStatus(syscall.SIGKILL)
				end := w.next(mesos.TASK_KILLED, "b")["b"]
				wantMessage(t, end, c.says+"; Command terminated with signal Killed")
				wantReason(t, end, nil)
				close(releasing)
				w.next(c.state, "a")
				if err := w.ended(); err != nil {
					t.Error(err)
				}
			}, "a", "b")
		})
	}
}

// What ends a task while another still acquires ends that acquire.
func TestGroupRuleDuringHold(t *testing.T) {
	inGroup(t, func(w *world) {
		acquiring := make(chan struct{})
		w.lives["a"].onHold = func(context.Context, func(volumes.Progress)) error {
			<-acquiring
			return errors.New("held by node 2222")
		}
		w.lives["b"].onHold = func(ctx context.Context, _ func(volumes.Progress)) error {
			close(acquiring)
			<-ctx.Done()
			return context.Cause(ctx)
		}
	}, func(t *testing.T, w *world) {
		w.stream.send(group("a", "b"))
		w.next(mesos.TASK_STARTING, "a", "b")
		states := w.bothAcked()
		if a := states["a"]; a.GetState() != mesos.TASK_FAILED {
			t.Errorf("a is %v", a.GetState())
		}
		b := states["b"]
		if b.GetState() != mesos.TASK_KILLED {
			t.Errorf("b is %v", b.GetState())
		}
		wantMessage(t, b, `Killed before the task was started: task "a" of its group failed (held by node 2222)`)
		if err := w.ended(); err != nil || w.lives["b"].started.Load() {
			t.Errorf("%v, started %v", err, w.lives["b"].started.Load())
		}
	}, "a", "b")
}
