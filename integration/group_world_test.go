package integration_test

import (
	"fmt"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// member is a task of a group with a volume of its own, both called id.
func member(id, node, command string) cluster.Task {
	return volumeTask(id, node, id, command)
}

// submitGroup launches tasks as one group.
func submitGroup(t *testing.T, c cluster.Cluster, tasks ...cluster.Task) {
	t.Helper()
	if err := c.SubmitGroup(deadline(t), tasks); err != nil {
		t.Fatal(err)
	}
}

// counters launches a group of two that count, and sees them count.
func counters(t *testing.T, c cluster.Cluster, node, a, b string) {
	t.Helper()
	submitGroup(t, c, member(a, node, counting), member(b, node, counting))
	for _, id := range []string{a, b} {
		reaches(t, c, id, mesos.TASK_RUNNING)
		printed(t, c, id, "synced ")
	}
}

// wantLabel asserts that a status says where the volume of that name is. The
// dataset has the id computed from the name unless one of that id was deleted
// before, as in a control service that has seen this test.
func wantLabel(t *testing.T, s mesos.TaskStatus, name, state string) {
	t.Helper()
	want := "dataset=%s,state=" + state
	var got []string
	for _, l := range s.GetLabels().GetLabels() {
		got = append(got, l.Key+"="+l.GetValue())
		for n := range 20 {
			if l.Key == "flocker.volume."+name && l.GetValue() == fmt.Sprintf(want, flocker.ComputedID(name, n)) {
				return
			}
		}
	}
	t.Errorf("%s of %s has labels %q, want flocker.volume.%s="+want, s.GetState(), s.TaskID.Value, got, name, computedID(name))
}

func oneTerminal(t *testing.T, c cluster.Cluster, ids ...string) {
	t.Helper()
	for _, id := range ids {
		all, err := c.Statuses(deadline(t), id)
		if err != nil {
			t.Fatal(err)
		}
		terminal := 0
		for _, s := range all {
			if framework.Terminal(s.GetState()) {
				terminal++
			}
		}
		if terminal != 1 {
			t.Errorf("%s has %d terminal statuses: %v", id, terminal, all)
		}
	}
}

// unmade asserts that no dataset of these names was ever made.
func unmade(t *testing.T, c cluster.Cluster, names ...string) {
	t.Helper()
	all, err := c.Datasets(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		for _, name := range names {
			if d.Name == name {
				t.Errorf("dataset %s was made", name)
			}
		}
	}
}

// sameExecutor has a task run below the executor of another.
func sameExecutor(task *cluster.Task, other string) {
	task.Info = func(info *mesos.TaskInfo) {
		if info.Executor != nil {
			info.Executor.ExecutorID.Value = "flocker-executor." + other
		}
	}
}
