package executor_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

func TestKillGrace(t *testing.T) {
	patient := info("t")
	patient.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: 7e9}}
	ms := func(n int64) int64 { return n * int64(time.Millisecond) }
	for _, c := range []struct {
		name  string
		task  mesos.TaskInfo
		kills []*wire.Event // a second apart
		want  time.Duration // from the first kill to SIGKILL
	}{
		{"default", info("t"), []*wire.Event{kill("t")}, 3 * time.Second},
		{"task's", patient, []*wire.Event{kill("t")}, 7 * time.Second},
		{"event's before task's", patient, []*wire.Event{kill("t", ms(20000))}, 20 * time.Second},
		{"empty policy is the task's", patient, []*wire.Event{{Type: wire.Event_KILL, Kill: &wire.Event_Kill{
			TaskID: mesos.TaskID{Value: "t"}, KillPolicy: &mesos.KillPolicy{},
		}}}, 7 * time.Second},
		{"none", info("t"), []*wire.Event{kill("t", 0)}, 0},
		{"again, shorter", patient, []*wire.Event{kill("t"), kill("t", ms(2000))}, 2 * time.Second},
		{"again, already over", patient, []*wire.Event{kill("t"), kill("t", ms(500))}, time.Second},
		{"again, longer", info("t"), []*wire.Event{kill("t"), kill("t", ms(60000)), kill("t")}, 3 * time.Second},
		{"then SHUTDOWN", patient, []*wire.Event{kill("t"), {Type: wire.Event_SHUTDOWN}}, 4 * time.Second},
		{"SHUTDOWN, then kill", patient, []*wire.Event{{Type: wire.Event_SHUTDOWN}, kill("t", ms(60000))}, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				w.running(c.task)
				began := time.Now()
				go func() {
					for _, k := range c.kills {
						w.stream.send(k)
						<-time.After(time.Second)
					}
				}()
				w.signalled(syscall.SIGTERM)
				w.signalled(syscall.SIGKILL)
				if took := time.Since(began); took != c.want {
					t.Errorf("SIGKILL after %v, wanted %v", took, c.want)
				}
				w.exited <- syscall.WaitStatus(syscall.SIGKILL)
				end := w.acked(mesos.TASK_KILLED)
				wantMessage(t, end, "Command terminated with signal Killed")
				wantReason(t, end, nil)
				<-time.After(5 * time.Second)
			})
		})
	}
}

func TestKilledTaskThatExitsWell(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.stream.send(kill("t"))
		w.signalled(syscall.SIGTERM)
		w.exited <- 0
		wantMessage(t, w.acked(mesos.TASK_KILLED), "Command exited with status 0")
	})
}

func TestTaskKillingOnlyWithTheCapability(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.stream.send(kill("t"), kill("t"))
		w.signalled(syscall.SIGTERM)
		w.acked(mesos.TASK_KILLING)
		w.exited <- syscall.WaitStatus(syscall.SIGTERM)
		w.acked(mesos.TASK_KILLED)
	}, mesos.FrameworkInfo_Capability_PARTITION_AWARE, mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)
}

// A process that no signal ends is not waited for without end.
func TestUnkillable(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.stream.send(kill("t"))
		w.signalled(syscall.SIGTERM)
		w.signalled(syscall.SIGKILL)
		began := time.Now()
		wantMessage(t, w.acked(mesos.TASK_FAILED), "Failed to get exit status")
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("gave up after %v", took)
		}
	})
}

// With T = 5 s: SIGKILL at 3 s, the release until 4.5 s, the status whatever
// remains, and the process gone at 5 s.
func TestShutdownKeepsItsTimes(t *testing.T) {
	stuck := func(w *world) {
		w.onRelease = func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
	}
	inWorld(t, stuck, func(t *testing.T, w *world) {
		w.running(info("t"))
		began := time.Now()
		w.stream.send(&wire.Event{Type: wire.Event_SHUTDOWN})
		w.signalled(syscall.SIGTERM)
		w.signalled(syscall.SIGKILL)
		if at := time.Since(began); at != 3*time.Second {
			t.Errorf("SIGKILL at %v", at)
		}
		w.exited <- syscall.WaitStatus(syscall.SIGKILL)
		end := wantState(t, w.agent, mesos.TASK_KILLED)
		if at := time.Since(began); at != 4500*time.Millisecond {
			t.Errorf("terminal status at %v", at)
		}
		wantMessage(t, end.status, "Killed; ", "grace period is over")
		if err := w.ended(); err == nil { // nobody acknowledges it
			t.Error("no error")
		}
		if at := time.Since(began); at > 5*time.Second || w.abandoned.Load() {
			t.Errorf("ended at %v, abandoned %v", at, w.abandoned.Load())
		}
	})
}

func TestAbandonedWhenStuck(t *testing.T) {
	free := make(chan struct{})
	stuck := func(w *world) {
		free = make(chan struct{})
		w.onRelease = func(context.Context) error { <-free; return nil }
	}
	inWorld(t, stuck, func(t *testing.T, w *world) {
		w.running(info("t"))
		began := time.Now()
		w.terminate <- syscall.SIGTERM
		w.signalled(syscall.SIGTERM)
		w.exited <- syscall.WaitStatus(syscall.SIGTERM)
		for !w.abandoned.Load() {
			<-time.After(time.Millisecond)
		}
		if at := time.Since(began); at.Round(10*time.Millisecond) != 5*time.Second {
			t.Errorf("abandoned at %v", at)
		}
		close(free)
		if err := w.ended(); err == nil {
			t.Error("no error though nobody could be told")
		}
	})
}

// A shutdown shortens a release that is under way.
func TestShutdownDuringRelease(t *testing.T) {
	stuck := func(w *world) {
		w.onRelease = func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
	}
	inWorld(t, stuck, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.exited <- 0
		<-time.After(time.Second)
		began := time.Now()
		w.stream.send(&wire.Event{Type: wire.Event_SHUTDOWN}, &wire.Event{Type: wire.Event_SHUTDOWN})
		w.acked(mesos.TASK_FINISHED)
		if at := time.Since(began); at != 4500*time.Millisecond {
			t.Errorf("terminal status at %v", at)
		}
		if err := w.ended(); err != nil {
			t.Error(err)
		}
	})
}

// A shutdown also shortens the wait for a task that SIGKILL has not ended.
func TestShutdownAfterSIGKILL(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.stream.send(kill("t", 0))
		w.signalled(syscall.SIGTERM)
		w.signalled(syscall.SIGKILL)
		<-time.After(time.Second)
		began := time.Now()
		w.stream.send(&wire.Event{Type: wire.Event_SHUTDOWN})
		w.acked(mesos.TASK_FAILED)
		if at := time.Since(began); at > 4500*time.Millisecond {
			t.Errorf("terminal status at %v", at)
		}
		if err := w.ended(); err != nil || w.abandoned.Load() {
			t.Errorf("%v, abandoned %v", err, w.abandoned.Load())
		}
	})
}
