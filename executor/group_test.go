package executor_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// A task's terminal status waits for its own release and for nobody else's, and
// the executor for all.
func TestGroupFinishes(t *testing.T) {
	inGroup(t, nil, func(t *testing.T, w *world) {
		w.runningGroup()
		w.lives["a"].exited <- 0
		if s := w.acked(mesos.TASK_FINISHED); s.TaskID.Value != "a" || !w.lives["a"].released.Load() {
			t.Errorf("%s finished, released %v", s.TaskID.Value, w.lives["a"].released.Load())
		}
		<-time.After(time.Hour)
		if len(w.result) != 0 || len(w.lives["b"].signals) != 0 {
			t.Fatal("the end of one task was the end of another")
		}
		w.lives["b"].exited <- 0
		w.next(mesos.TASK_FINISHED, "b")
		if err := w.ended(); err != nil {
			t.Error(err)
		}
		for _, id := range []string{"a", "b"} {
			if dir, err := os.Stat(filepath.Join(w.options.Environment.Sandbox, "tasks", id)); err != nil || dir.Mode() != os.ModeDir|0o750 {
				t.Errorf("sandbox of %s: %v, %v", id, dir, err)
			}
		}
	}, "a", "b")
}

func TestGroupShutdown(t *testing.T) {
	inGroup(t, nil, func(t *testing.T, w *world) {
		w.runningGroup()
		w.stream.send(&wire.Event{Type: wire.Event_SHUTDOWN})
		for _, l := range w.lives {
			l.signalled(t, syscall.SIGTERM)
			l.exited <- syscall.WaitStatus(syscall.SIGTERM)
		}
		for _, s := range w.next(mesos.TASK_KILLED, "a", "b") {
			if s.GetMessage() != "Command terminated with signal Terminated" {
				t.Errorf("message %q", s.GetMessage())
			}
		}
		if err := w.ended(); err != nil {
			t.Error(err)
		}
	}, "a", "b")
}

func TestGroupLosesItsAgent(t *testing.T) {
	inGroup(t, func(w *world) { w.options.Environment.Checkpoint = false }, func(t *testing.T, w *world) {
		w.runningGroup()
		w.away.Store(true)
		w.stream.end()
		for _, l := range w.lives {
			l.signalled(t, syscall.SIGTERM)
			l.exited <- syscall.WaitStatus(syscall.SIGTERM)
		}
		if err := w.ended(); err == nil {
			t.Error("no error")
		}
	}, "a", "b")
}

func TestKillOfAGroupsTaskBeforeLaunch(t *testing.T) {
	inGroup(t, nil, func(t *testing.T, w *world) {
		w.stream.send(kill("b"), group("a", "b"))
		var b mesos.TaskStatus
		limit := time.After(time.Hour)
		for killed := 0; killed < 2; {
			select {
			case <-limit:
				t.Fatal("the tasks are not killed")
			case u := <-w.updates:
				u.answer <- http.StatusAccepted
				w.stream.send(acknowledged(u.status))
				if u.status.GetState() != mesos.TASK_KILLED {
					continue
				}
				killed++
				if u.status.TaskID.Value == "b" {
					b = u.status
				}
			case s := <-w.lives["a"].signals: // it may have been started by then
				if s == syscall.SIGTERM {
					w.lives["a"].exited <- syscall.WaitStatus(s)
				}
			}
		}
		wantMessage(t, b, "Killed before the task was started: task was killed")
		if err := w.ended(); err != nil || w.lives["b"].started.Load() {
			t.Errorf("%v, started %v", err, w.lives["b"].started.Load())
		}
	}, "a", "b")
}

// The executor stays for what is pinned, but the terminal status of that task,
// and of the others, has gone out.
func TestGroupStaysUntilNothingIsPinned(t *testing.T) {
	inGroup(t, func(w *world) {
		a, tries := w.lives["a"], 0
		a.pinned.Store(true)
		a.onRelease = func(ctx context.Context) error {
			if tries++; tries > 3 {
				a.pinned.Store(false)
				return nil
			}
			<-ctx.Done()
			return errors.New("process 7 may still write to dataset d")
		}
	}, func(t *testing.T, w *world) {
		w.runningGroup()
		w.lives["a"].exited <- 0
		w.lives["b"].exited <- 0
		w.next(mesos.TASK_FINISHED, "b")
		wantMessage(t, w.next(mesos.TASK_FINISHED, "a")["a"], "process 7")
		synctest.Wait()
		if len(w.result) != 0 {
			t.Fatal("the executor has ended")
		}
		if err := w.ended(); err != nil || w.lives["a"].pinned.Load() {
			t.Errorf("%v, pinned %v", err, w.lives["a"].pinned.Load())
		}
	}, "a", "b")
}
