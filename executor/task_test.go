package executor_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

func wantMessage(t *testing.T, s mesos.TaskStatus, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(s.GetMessage(), p) {
			t.Errorf("%v says %q, wanted %q in it", s.GetState(), s.GetMessage(), p)
		}
	}
}

func wantReason(t *testing.T, s mesos.TaskStatus, want *mesos.TaskStatus_Reason) {
	t.Helper()
	if (s.Reason == nil) != (want == nil) || want != nil && *want != *s.Reason {
		t.Errorf("%v has reason %v, wanted %v", s.GetState(), s.Reason, want)
	}
}

func reason(r mesos.TaskStatus_Reason) *mesos.TaskStatus_Reason { return &r }

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

func TestAgentLost(t *testing.T) {
	inWorld(t, func(w *world) { w.options.Environment.Checkpoint = false }, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.away.Store(true)
		w.stream.end()
		w.signalled(syscall.SIGTERM)
		w.exited <- syscall.WaitStatus(syscall.SIGTERM)
		if err := w.ended(); err == nil || !w.released.Load() {
			t.Errorf("error %v, released %v", err, w.released.Load())
		}
	})
}

// A task that ends while the agent is away is reported when it is back.
func TestEndsWhileAgentIsAway(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.away.Store(true)
		w.stream.end()
		w.exited <- 0
		<-time.After(10 * time.Minute)
		w.away.Store(false)
		w.stream = <-w.streams
		carried := w.stream.call.Subscribe.UnacknowledgedUpdates
		if len(carried) != 1 || carried[0].Status.GetState() != mesos.TASK_FINISHED {
			t.Fatalf("carried: %+v", carried)
		}
		w.stream.send(subscribed(), acknowledged(carried[0].Status))
		if err := w.ended(); err != nil {
			t.Error(err)
		}
	})
}

func TestNoAcknowledgement(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.exited <- 0
		wantState(t, w.agent, mesos.TASK_FINISHED).answer <- http.StatusAccepted
		sent := time.Now()
		if err := w.ended(); !errors.Is(err, executor.ErrUnacknowledged) || time.Since(sent) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(sent))
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

func TestProgressIsPaced(t *testing.T) {
	moving := func(i int) volumes.Progress {
		return volumes.Progress{Volume: "webapp-data", State: "moving from node 2222…", Elapsed: time.Duration(i) * time.Second}
	}
	inWorld(t, func(w *world) {
		w.onHold = func(ctx context.Context, report func(volumes.Progress)) error {
			for i := range 100 {
				<-time.After(time.Second)
				report(moving(i))
			}
			return nil
		}
	}, func(t *testing.T, w *world) {
		began := time.Now()
		w.stream.send(launch(info("t")))
		first := wantState(t, w.agent, mesos.TASK_STARTING)
		first.answer <- http.StatusAccepted
		<-time.After(9 * time.Second)
		if len(w.updates) != 0 {
			t.Error("progress before the first update is acknowledged")
		}
		w.stream.send(acknowledged(first.status))
		last := time.Now().Add(-time.Minute)
		for range 6 {
			s := w.acked(mesos.TASK_STARTING)
			wantMessage(t, s, "webapp-data", "moving from node 2222")
			if gap := time.Since(last); gap < 5*time.Second {
				t.Errorf("two updates within %v", gap)
			}
			last = time.Now()
		}
		w.acked(mesos.TASK_RUNNING)
		if took := time.Since(began); took != 100*time.Second {
			t.Errorf("RUNNING after %v", took)
		}
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
}

// A message that had to wait says how long it has been by now.
func TestProgressIsNotOld(t *testing.T) {
	inWorld(t, func(w *world) {
		w.onHold = func(_ context.Context, report func(volumes.Progress)) error {
			<-time.After(time.Second)
			report(volumes.Progress{Volume: "webapp-data", State: "moving", Elapsed: time.Second})
			<-time.After(time.Minute)
			return nil
		}
	}, func(t *testing.T, w *world) {
		began := time.Now()
		w.stream.send(launch(info("t")))
		first := wantState(t, w.agent, mesos.TASK_STARTING)
		first.answer <- http.StatusAccepted
		<-time.After(9 * time.Second)
		w.stream.send(acknowledged(first.status))
		s := w.acked(mesos.TASK_STARTING)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("progress after %v", took)
		}
		wantMessage(t, s, "webapp-data is moving, 10 s")
		w.acked(mesos.TASK_RUNNING)
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
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
