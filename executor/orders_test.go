package executor_test

import (
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

func TestSecondLaunchLeavesTheFirstAlone(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.stream.send(launch(info("t")), launch(info("u")), group("v", "w"), kill("u"), kill("nobody"))
		for _, id := range []string{"u", "v", "w"} {
			s := w.acked(mesos.TASK_FAILED)
			if s.TaskID.Value != id {
				t.Errorf("refused %q, wanted %q", s.TaskID.Value, id)
			}
			wantMessage(t, s, "Attempted to run multiple tasks", `"t"`)
		}
		w.exited <- 0
		if s := w.acked(mesos.TASK_FINISHED); s.TaskID.Value != "t" {
			t.Errorf("finished %q", s.TaskID.Value)
		}
		if err := w.ended(); err != nil {
			t.Error(err)
		}
		if len(w.signals) != 0 {
			t.Error("the first task got a signal")
		}
	})
}

func TestKillBeforeLaunch(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.stream.send(kill("other"), kill("t", 0), launch(info("t")))
		w.acked(mesos.TASK_STARTING)
		wantMessage(t, w.acked(mesos.TASK_KILLED), "task was killed")
		if err := w.ended(); err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownBeforeLaunch(t *testing.T) {
	for name, give := range map[string]func(*world){
		"SHUTDOWN": func(w *world) { w.stream.send(&wire.Event{Type: wire.Event_SHUTDOWN}) },
		"SIGTERM":  func(w *world) { w.terminate <- syscall.SIGTERM },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				give(w)
				if err := w.ended(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// An agent says SHUTDOWN instead of SUBSCRIBED when the task was killed before it
// could be delivered, and ends the stream when the executor was to end (recorded:
// shutdown-killed-early, shutdown-early).
func TestShutdownInsteadOfSubscribed(t *testing.T) {
	for name, ends := range map[string]bool{"the stream stays": false, "the stream ends": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) { w.unsubscribed = true }, func(t *testing.T, w *world) {
				began := time.Now()
				w.stream.send(&wire.Event{Type: wire.Event_SHUTDOWN})
				if ends {
					w.stream.end()
				}
				if err := w.ended(); err != nil || time.Since(began) > 0 {
					t.Errorf("%v, after %v", err, time.Since(began))
				}
			})
		})
	}
}

func TestAgentLostBeforeLaunch(t *testing.T) {
	inWorld(t, func(w *world) { w.options.Environment.Checkpoint = false }, func(t *testing.T, w *world) {
		w.stream.end()
		if err := w.ended(); err == nil {
			t.Error("no error")
		}
	})
}
