package executor_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

func group(ids ...string) *wire.Event {
	var tasks []mesos.TaskInfo
	for _, id := range ids {
		tasks = append(tasks, info(id))
	}
	return groupOf(tasks...)
}

func groupOf(tasks ...mesos.TaskInfo) *wire.Event {
	return &wire.Event{Type: wire.Event_LAUNCH_GROUP, LaunchGroup: &wire.Event_LaunchGroup{TaskGroup: mesos.TaskGroupInfo{Tasks: tasks}}}
}

// inGroup runs a test with a group whose tasks have lives of their own. change
// may be nil.
func inGroup(t *testing.T, change func(*world), test func(t *testing.T, w *world), ids ...string) {
	sandbox := t.TempDir()
	inWorld(t, func(w *world) {
		w.options.Environment.Sandbox, w.options.Spec.Sandbox = sandbox, sandbox
		for _, id := range ids {
			w.lives[id] = newLife()
		}
		if change != nil {
			change(w)
		}
	}, func(t *testing.T, w *world) { test(t, w) })
}

// next takes and acknowledges updates until each of the tasks has reported one
// in this state, whatever the order, and returns them by task.
func (w *world) next(state mesos.TaskState, ids ...string) map[string]mesos.TaskStatus {
	w.t.Helper()
	got := map[string]mesos.TaskStatus{}
	for range ids {
		s := w.acked(state)
		got[s.TaskID.Value] = s
	}
	for _, id := range ids {
		if _, ok := got[id]; !ok {
			w.t.Fatalf("no %v of %s: %v", state, id, got)
		}
	}
	return got
}

// runningGroup launches tasks a and b and sees them run.
func (w *world) runningGroup() {
	w.t.Helper()
	w.stream.send(group("a", "b"))
	w.untilRunning("a", "b")
}

// untilRunning sees STARTING and RUNNING of all tasks, each task's in order.
func (w *world) untilRunning(ids ...string) {
	w.t.Helper()
	states := map[string]mesos.TaskState{}
	for range 2 * len(ids) {
		u := <-w.updates
		u.answer <- http.StatusAccepted
		w.stream.send(acknowledged(u.status))
		id := u.status.TaskID.Value
		want := mesos.TASK_STARTING
		if _, ok := states[id]; ok {
			want = mesos.TASK_RUNNING
		}
		if u.status.GetState() != want {
			w.t.Fatalf("%s is %v (%s), wanted %v", id, u.status.GetState(), u.status.GetMessage(), want)
		}
		states[id] = want
	}
}

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
			if dir, err := os.Stat(filepath.Join(w.options.Environment.Sandbox, "tasks", id)); err != nil || !dir.IsDir() {
				t.Errorf("sandbox of %s: %v", id, err)
			}
		}
	}, "a", "b")
}

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
		states := map[string]mesos.TaskStatus{}
		for range 2 {
			u := <-w.updates
			u.answer <- http.StatusAccepted
			w.stream.send(acknowledged(u.status))
			states[u.status.TaskID.Value] = u.status
		}
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

// A group one of whose tasks cannot be is not begun.
func TestGroupThatCannotBe(t *testing.T) {
	volume := func(id, label string) mesos.TaskInfo {
		task := withLabels("flocker.volume", label)
		task.TaskID.Value = id
		return task
	}
	const id = "0679b296-1fb9-4edc-956d-53dfb1e35000"
	for _, c := range []struct {
		name   string
		a, b   mesos.TaskInfo
		states [2]mesos.TaskState
		says   string // b's
	}{
		{
			"bad label", volume("a", "x"), volume("b", "data:data"),
			[2]mesos.TaskState{mesos.TASK_FAILED, mesos.TASK_KILLED},
			`Killed before the task was started: task "a" of its group failed (`,
		},
		{
			"one name twice", volume("a", "data:data"), volume("b", "data:other"),
			[2]mesos.TaskState{mesos.TASK_FAILED, mesos.TASK_FAILED},
			`tasks "a" and "b" of the group both want dataset "data"`,
		},
		{
			"one id twice", volume("a", "data:data:dataset="+id), volume("b", "other:other:dataset="+strings.ToUpper(id)),
			[2]mesos.TaskState{mesos.TASK_FAILED, mesos.TASK_FAILED},
			`tasks "a" and "b" of the group both want the dataset with id ` + id,
		},
		{
			"an id that names no folder", volume("..", "other:other"), volume("b", "data:data"),
			[2]mesos.TaskState{mesos.TASK_FAILED, mesos.TASK_KILLED},
			`task ".." of its group failed`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inGroup(t, func(w *world) {
				w.onHold = func(context.Context, func(volumes.Progress)) error {
					t.Error("a volume was taken")
					return nil
				}
			}, func(t *testing.T, w *world) {
				w.stream.send(groupOf(c.a, c.b))
				got := map[string]mesos.TaskStatus{}
				for range 2 {
					u := <-w.updates
					u.answer <- http.StatusAccepted
					w.stream.send(acknowledged(u.status))
					got[u.status.TaskID.Value] = u.status
				}
				a, b := got[c.a.TaskID.Value], got["b"]
				if a.GetState() != c.states[0] || b.GetState() != c.states[1] {
					t.Errorf("states %v and %v", a.GetState(), b.GetState())
				}
				wantReason(t, a, reason(mesos.REASON_TASK_INVALID))
				wantMessage(t, b, c.says)
				if err := w.ended(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestEmptyGroup(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.stream.send(group())
		if err := w.ended(); err != nil {
			t.Error(err)
		}
	})
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

// A group, or a task, that comes second is refused; the first goes on.
func TestSecondLaunchLeavesTheGroupAlone(t *testing.T) {
	inGroup(t, nil, func(t *testing.T, w *world) {
		w.runningGroup()
		w.stream.send(group("c", "b"), launch(info("d")))
		for _, id := range []string{"c", "d"} {
			s := w.acked(mesos.TASK_FAILED)
			if s.TaskID.Value != id {
				t.Errorf("refused %q, wanted %q", s.TaskID.Value, id)
			}
			wantMessage(t, s, "Attempted to run multiple tasks", `it runs "a", "b"`)
			wantReason(t, s, reason(mesos.REASON_TASK_INVALID))
		}
		synctest.Wait()
		for _, l := range w.lives {
			if len(l.signals) != 0 {
				t.Error("a task got a signal")
			}
			l.exited <- 0
		}
		w.next(mesos.TASK_FINISHED, "a", "b")
		if err := w.ended(); err != nil {
			t.Error(err)
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
