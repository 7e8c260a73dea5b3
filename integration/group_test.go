package integration_test

import (
	"fmt"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// Each task of a group has its own volume, sandbox and output. One that finishes
// leaves the others alone, and its volume is free before they end.
func TestGroupFinishes(t *testing.T) {
	t.Parallel()
	c := shared(t)
	node := c.Nodes()[0].Name
	waits := `echo second > data/who; echo ready; while [ ! -e stop ]; do sleep 0.05; done; cat data/who; pwd`
	submitGroup(t, c, member("group-first", node, `echo first > data/who; cat data/who; pwd`), member("group-second", node, waits))
	first := reaches(t, c, "group-first", mesos.TASK_FINISHED)
	wantLabel(t, first, "group-first", "released")
	if container := first.GetContainerStatus(); container.GetContainerID() == nil || container.GetExecutorPID() == 0 {
		t.Errorf("the agent has put in no container: %v", container)
	}
	gone(t, c, "group-first")
	wantLabel(t, reaches(t, c, "group-second", mesos.TASK_RUNNING), "group-second", "held")
	stillRunning(t, c, "group-second")
	printed(t, c, "group-first", "first\n")
	printed(t, c, "group-first", "/tasks/group-first\n")
	touch(t, c, "group-second", "stop")
	wantLabel(t, reaches(t, c, "group-second", mesos.TASK_FINISHED), "group-second", "released")
	printed(t, c, "group-second", "second\n")
	printed(t, c, "group-second", "/tasks/group-second\n")
	gone(t, c, "group-first", "group-second")
	noProcess(t, c, "group-first")
}

// A task of a group that fails, or is killed, ends the others.
func TestGroupRule(t *testing.T) {
	t.Parallel()
	c := shared(t)
	node := c.Nodes()[1].Name
	t.Run("failed", func(t *testing.T) {
		t.Parallel()
		fails := member("group-fails", node, `echo ready; while [ ! -e stop ]; do sleep 0.05; done; exit 3`)
		submitGroup(t, c, fails, member("group-ended", node, counting))
		printed(t, c, "group-ended", "synced ")
		printed(t, c, "group-fails", "ready")
		touch(t, c, "group-fails", "stop")
		says(t, reaches(t, c, "group-fails", mesos.TASK_FAILED), "Command exited with status 3")
		ended := reaches(t, c, "group-ended", mesos.TASK_KILLED)
		says(t, ended, `task "group-fails" of its group failed (Command exited with status 3)`, "Command terminated with signal Terminated")
		gone(t, c, "group-fails", "group-ended")
		noProcess(t, c, "group-fails")
	})
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		counters(t, c, node, "group-killed", "group-mate")
		kill(t, c, "group-killed")
		says(t, reaches(t, c, "group-mate", mesos.TASK_KILLED), `task "group-killed" of its group was killed`)
		gone(t, c, "group-killed", "group-mate")
		noProcess(t, c, "group-killed")
	})
	t.Run("cannot start", func(t *testing.T) {
		t.Parallel()
		broken := volumeTask("group-broken", node, "group-broken", counting, "size=1MiB")
		submitGroup(t, c, broken, member("group-never", node, counting))
		says(t, reaches(t, c, "group-broken", mesos.TASK_FAILED), "size=1MiB")
		says(t, reaches(t, c, "group-never", mesos.TASK_KILLED), "Killed before the task was started", `task "group-broken" of its group failed`)
		noProcess(t, c, "group-broken")
		unmade(t, c, "group-broken", "group-never")
	})
}

func TestGroupShutdown(t *testing.T) {
	t.Parallel()
	c := shared(t)
	counters(t, c, c.Nodes()[0].Name, "group-down-a", "group-down-b")
	if err := c.Shutdown(deadline(t), "group-down-a"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"group-down-a", "group-down-b"} {
		end := reaches(t, c, id, mesos.TASK_KILLED)
		wantLabel(t, end, id, "released")
		if got := end.GetMessage(); got != "Command terminated with signal Terminated" { // and not by the group's rule
			t.Errorf("%s says %q", id, got)
		}
	}
	gone(t, c, "group-down-a", "group-down-b")
	noProcess(t, c, "group-down-a")
}

// The agent is killed and started again in the middle of a group: the tasks go
// on, one that ended meanwhile is reported once, the other is killed in order.
func TestGroupAgentRestart(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Nodes: 1})
	node := c.Nodes()[0].Name
	ends := member("group-ends", node, `echo ready; while [ ! -e stop ]; do sleep 0.05; done`)
	submitGroup(t, c, ends, member("group-goes-on", node, counting))
	printed(t, c, "group-ends", "ready")
	printed(t, c, "group-goes-on", "synced ")
	if err := c.KillAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	touch(t, c, "group-ends", "stop")
	gone(t, c, "group-ends")
	last := lastSynced(t, c, "group-goes-on")
	if err := c.StartAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	reaches(t, c, "group-ends", mesos.TASK_FINISHED)
	printed(t, c, "group-goes-on", fmt.Sprintf("synced %d\n", last+10))
	stillRunning(t, c, "group-goes-on")
	kill(t, c, "group-goes-on")
	gone(t, c, "group-ends", "group-goes-on")
	noProcess(t, c, "group-ends")
	oneTerminal(t, c, "group-ends", "group-goes-on")
}

// A dataset cannot be in two tasks of a group, by whichever name they know it:
// none of them begins.
func TestGroupWithADatasetTwice(t *testing.T) {
	t.Parallel()
	c := shared(t)
	node := c.Nodes()[0].Name
	id := computedID("group-twice")
	for name, tc := range map[string]struct {
		second cluster.Task
		says   string
	}{
		"name": {volumeTask("group-twice-name-b", node, "group-twice", counting), `dataset "group-twice"`},
		"id":   {volumeTask("group-twice-id-b", node, "another", counting, "dataset="+id), "the dataset with id " + id},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := "group-twice-"+name+"-a", "group-twice-"+name+"-b"
			submitGroup(t, c, volumeTask(a, node, "group-twice", counting), tc.second)
			for _, task := range []string{a, b} {
				s := reaches(t, c, task, mesos.TASK_FAILED)
				says(t, s, fmt.Sprintf("tasks %q and %q of the group both want %s", a, b, tc.says))
				wantReason(t, s, mesos.REASON_TASK_INVALID)
			}
			noProcess(t, c, a)
			unmade(t, c, "group-twice", "another")
		})
	}
}

// A second task, or group, for the same executor is refused; the first goes on.
func TestSecondLaunch(t *testing.T) {
	t.Parallel()
	c := shared(t)
	node := c.Nodes()[1].Name
	for _, first := range []string{"task", "group"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			a, b := "busy-"+first+"-a", "busy-"+first+"-b"
			if first == "group" {
				counters(t, c, node, a, b)
			} else {
				running(t, c, member(a, node, counting))
			}
			second := member("late-"+first, node, counting)
			sameExecutor(&second, a)
			if first == "group" {
				submitGroup(t, c, second)
			} else {
				submit(t, c, second)
			}
			says(t, reaches(t, c, second.ID, mesos.TASK_FAILED), "Attempted to run multiple tasks", a)
			last := lastSynced(t, c, a)
			printed(t, c, a, fmt.Sprintf("synced %d\n", last+10))
			kill(t, c, a)
			gone(t, c, a)
			noProcess(t, c, a)
			unmade(t, c, second.ID)
		})
	}
}
