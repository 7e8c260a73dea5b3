package executor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

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
			"a name and its id", volume("a", "data:data"), volume("b", "other:other:dataset="+strings.ToUpper(id)),
			[2]mesos.TaskState{mesos.TASK_FAILED, mesos.TASK_FAILED},
			`tasks "a" and "b" of the group both want the dataset with id ` + id,
		},
		{
			"one task id twice", volume("b", "data:data"), volume("b", "other:other"),
			[2]mesos.TaskState{mesos.TASK_FAILED, mesos.TASK_FAILED},
			`the group has two tasks with the id "b"`,
		},
		{
			"an id that names no folder", volume("..", "other:other"), volume("b", "data:data"),
			[2]mesos.TaskState{mesos.TASK_FAILED, mesos.TASK_KILLED},
			`task ".." of its group failed`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inGroup(t, func(w *world) {
				w.options.Guess = func(v volumes.Volume) string { return map[string]string{"data": id}[v.Name] }
				w.onHold = func(context.Context, func(volumes.Progress)) error {
					t.Error("a volume was taken")
					return nil
				}
			}, func(t *testing.T, w *world) {
				w.stream.send(groupOf(c.a, c.b))
				got := w.bothAcked()
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
