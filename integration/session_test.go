package integration_test

import (
	"bytes"
	"fmt"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A LAUNCH of more than 8 MiB, which mesos-go's own reader of records would end
// the stream over.
func TestLargeLaunch(t *testing.T) {
	t.Parallel()
	c := shared(t)
	task := volumeTask("large", "", "large", "echo large > data/log; cat data/log")
	task.Info = func(i *mesos.TaskInfo) { i.Data = bytes.Repeat([]byte("0123456789abcde\n"), 8<<20/16) }
	if got := finishes(t, c, task); got != "large\n" {
		t.Errorf("the task said %q", got)
	}
	gone(t, c, task.ID)
}

// Connections that go dead without anybody being told: an update that nobody
// answers is what shows it, and the executor comes back over new ones. The
// framework need not checkpoint: the agent has not given the executor up.
func TestHalfOpenConnections(t *testing.T) {
	t.Parallel()
	m := startFaulty(t, cluster.Options{Nodes: 1, NoCheckpoint: true})
	for name, both := range map[string]bool{"agent-unheard": false, "both-unheard": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProxy(t, m.Description.Nodes[0].Agent)
			task := volumeTask(name, "", name, "echo ready; while [ ! -e stop ]; do sleep 0.05; done; exit 3")
			task.Environment = map[string]string{"MESOS_AGENT_ENDPOINT": p.address()}
			submit(t, m, task)
			reaches(t, m, task.ID, mesos.TASK_RUNNING)
			printed(t, m, task.ID, "ready")
			if n := p.stop(both); n == 0 {
				t.Fatal("no connection went through the proxy")
			}
			touch(t, m, task.ID, "stop")
			reaches(t, m, task.ID, mesos.TASK_FAILED)
			if both { // else the agent has long forgotten the task, and acknowledges no more
				noProcess(t, m, task.ID)
			}
			all, err := m.Statuses(deadline(t), task.ID)
			if err != nil {
				t.Fatal(err)
			}
			var states []mesos.TaskState
			for _, s := range all {
				states = append(states, s.GetState())
			}
			if want := "[TASK_STARTING TASK_RUNNING TASK_FAILED]"; fmt.Sprint(states) != want {
				t.Errorf("states %v, want %s", states, want)
			}
			gone(t, m, name)
		})
	}
}

// Without checkpointing an agent takes no executor back, so the task ends with
// its agent and the volume is given back, whether the agent returns or not.
func TestAgentGoneWithoutCheckpoint(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := start(t, cluster.Options{Nodes: 1, NoCheckpoint: true, Isolation: isolation})
			id, node := "unchecked-"+isolation, c.Nodes()[0].Name
			running(t, c, counter(id, node, id))
			if err := c.KillAgent(deadline(t), node); err != nil {
				t.Fatal(err)
			}
			noProcess(t, c, id)
			gone(t, c, id)
			if err := c.StartAgent(deadline(t), node); err != nil {
				t.Fatal(err)
			}
			finishes(t, c, volumeTask("next-"+isolation, node, id, "wc -l data/log"))
			gone(t, c, id)
		})
	}
}
