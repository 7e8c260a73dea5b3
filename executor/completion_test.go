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

// hasty is a task that may take two seconds.
func hasty() mesos.TaskInfo {
	task := info("t")
	task.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: (2 * time.Second).Nanoseconds()}
	return task
}

// SIGKILL comes at once, and TASK_KILLING not even to those who want it. What the
// volumes took of the time is gone.
func TestMaxCompletionTime(t *testing.T) {
	inWorld(t, func(w *world) {
		w.onHold = func(context.Context, func(volumes.Progress)) error {
			<-time.After(time.Second)
			return nil
		}
	}, func(t *testing.T, w *world) {
		began := time.Now()
		w.running(hasty())
		w.signalled(syscall.SIGTERM)
		w.signalled(syscall.SIGKILL)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("SIGKILL after %v", took)
		}
		w.stream.send(kill("t", int64(time.Hour)))
		w.exited <- syscall.WaitStatus(syscall.SIGKILL)
		end := w.acked(mesos.TASK_FAILED)
		wantReason(t, end, reason(mesos.REASON_MAX_COMPLETION_TIME_REACHED))
		wantMessage(t, end, "max_completion_time of 2s is over; Command terminated with signal Killed")
	}, mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)
}

// A task that is being killed has its grace period, whatever its time.
func TestMaxCompletionTimeAfterKill(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(hasty())
		<-time.After(time.Second)
		began := time.Now()
		w.stream.send(kill("t"))
		w.signalled(syscall.SIGTERM)
		w.signalled(syscall.SIGKILL)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("SIGKILL after %v", took)
		}
		w.exited <- syscall.WaitStatus(syscall.SIGKILL)
		wantReason(t, w.acked(mesos.TASK_KILLED), nil)
	})
}

// It counts from the LAUNCH: what a volume takes is of the task's time.
func TestMaxCompletionTimeBeforeRunning(t *testing.T) {
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return errors.Join(errors.New("waiting for node 2222"), context.Cause(ctx))
	}
	for step, change := range map[string]func(*world){
		"hold": func(w *world) {
			w.onHold = func(ctx context.Context, _ func(volumes.Progress)) error { return hang(ctx) }
		},
		"start": func(w *world) { w.onStart = hang },
	} {
		t.Run(step, func(t *testing.T) {
			inWorld(t, change, func(t *testing.T, w *world) {
				began := time.Now()
				w.stream.send(launch(hasty()))
				w.acked(mesos.TASK_STARTING)
				end := w.acked(mesos.TASK_FAILED)
				if took := time.Since(began); took != 2*time.Second {
					t.Errorf("ended after %v", took)
				}
				wantReason(t, end, reason(mesos.REASON_MAX_COMPLETION_TIME_REACHED))
				wantMessage(t, end, "The task was not started in time: ", "waiting for node 2222", "max_completion_time of 2s is over")
				if err := w.ended(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// The others of its group are told why.
func TestMaxCompletionTimeInAGroup(t *testing.T) {
	inGroup(t, nil, func(t *testing.T, w *world) {
		a := hasty()
		a.TaskID.Value = "a"
		w.stream.send(groupOf(a, info("b")))
		w.untilRunning("a", "b")
		for _, id := range []string{"a", "b"} {
			l := w.lives[id]
			l.signalled(t, syscall.SIGTERM)
			l.signalled(t, syscall.SIGKILL)
			l.exited <- syscall.WaitStatus(syscall.SIGKILL)
			if id == "a" {
				wantReason(t, w.next(mesos.TASK_FAILED, "a")["a"], reason(mesos.REASON_MAX_COMPLETION_TIME_REACHED))
			}
		}
		wantMessage(t, w.next(mesos.TASK_KILLED, "b")["b"], `task "a" of its group failed (max_completion_time of 2s is over; `)
	}, "a", "b")
}
