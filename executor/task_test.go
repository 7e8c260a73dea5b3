package executor_test

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func TestLifeOfATask(t *testing.T) {
	for _, c := range []struct {
		name    string
		exit    syscall.WaitStatus
		state   mesos.TaskState
		message string
	}{
		{"finishes", 0, mesos.TASK_FINISHED, "Command exited with status 0"},
		{"fails", 3 << 8, mesos.TASK_FAILED, "Command exited with status 3"},
		{"is killed by somebody else", 9, mesos.TASK_FAILED, "Command terminated with signal Killed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				w.running(info("t"))
				w.exited <- c.exit
				end := wantState(t, w.agent, c.state)
				if !w.released.Load() {
					t.Error("terminal status before the release")
				}
				if end.status.GetMessage() != c.message {
					t.Errorf("message %q, wanted %q", end.status.GetMessage(), c.message)
				}
				wantReason(t, end.status, nil)
				end.answer <- http.StatusAccepted
				synctest.Wait()
				if len(w.result) != 0 {
					t.Error("ended before the acknowledgement")
				}
				w.stream.send(acknowledged(end.status))
				if err := w.ended(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestGuardDied(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		close(w.exited)
		wantMessage(t, w.acked(mesos.TASK_FAILED), "Failed to get exit status for Command")
	})
}

func TestVolumeLost(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.lost <- errors.New("dataset d is on node 2222 now")
		w.signalled(syscall.SIGTERM)
		w.stream.send(kill("t")) // comes too late to be the reason
		w.exited <- syscall.WaitStatus(syscall.SIGTERM)
		end := w.acked(mesos.TASK_FAILED)
		wantReason(t, end, reason(mesos.REASON_CONTAINER_LIMITATION))
		wantMessage(t, end, "dataset d is on node 2222 now", "Terminated")
	})
}

func TestReleaseFails(t *testing.T) {
	inWorld(t, func(w *world) {
		w.onRelease = func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("dataset d: lease not returned: " + context.Cause(ctx).Error())
		}
	}, func(t *testing.T, w *world) {
		w.running(info("t"))
		began := time.Now()
		w.exited <- 0
		end := w.acked(mesos.TASK_FINISHED)
		wantMessage(t, end, "Command exited with status 0; ", "lease not returned", "release timeout")
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("release took %v", took)
		}
	})
}

// Recovery that has begun is finished after a short task, but not for ever, and
// a shutdown leaves it no time.
func TestRecoveryIsFinished(t *testing.T) {
	for name, tc := range map[string]struct{ needs, takes time.Duration }{
		"in time":  {10 * time.Second, 10 * time.Second},
		"too long": {time.Hour, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			finished := false
			change := func(w *world) {
				w.options.Recover = func(ctx context.Context) {
					select {
					case <-ctx.Done():
					case <-time.After(tc.needs):
						finished = true
					}
				}
			}
			inWorld(t, change, func(t *testing.T, w *world) {
				began := time.Now()
				w.running(info("t"))
				w.exited <- 0
				w.acked(mesos.TASK_FINISHED)
				if err := w.ended(); err != nil {
					t.Error(err)
				}
				if took := time.Since(began).Round(time.Second); took != tc.takes || finished != (tc.needs == tc.takes) {
					t.Errorf("took %v, finished %v", took, finished)
				}
			})
		})
	}
}
