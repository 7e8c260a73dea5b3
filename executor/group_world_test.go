package executor_test

import (
	"net/http"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
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
	}, test)
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

// anyAcked takes and acknowledges the next update, whatever it says.
func (w *world) anyAcked() mesos.TaskStatus {
	w.t.Helper()
	u := w.update()
	u.answer <- http.StatusAccepted
	w.stream.send(acknowledged(u.status))
	return u.status
}

// bothAcked takes and acknowledges two updates, and returns them by task.
func (w *world) bothAcked() map[string]mesos.TaskStatus {
	got := map[string]mesos.TaskStatus{}
	for range 2 {
		s := w.anyAcked()
		got[s.TaskID.Value] = s
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
		s := w.anyAcked()
		id := s.TaskID.Value
		want := mesos.TASK_STARTING
		if _, ok := states[id]; ok {
			want = mesos.TASK_RUNNING
		}
		if s.GetState() != want {
			w.t.Fatalf("%s is %v (%s), wanted %v", id, s.GetState(), s.GetMessage(), want)
		}
		states[id] = want
	}
}
