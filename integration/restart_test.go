package integration_test

import (
	"fmt"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// The agent is killed and started again: a running task goes on and is killed
// in order afterwards; one that was acquiring goes on acquiring.
func TestAgentRestart(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := startFaulty(t, cluster.Options{Isolation: isolation})
			nodes := c.Nodes()
			running(t, c, counter("running", nodes[0].Name, "kept"))
			c.Service.PauseAgent(nodes[0].Flocker)
			submit(t, c, counter("acquiring", nodes[0].Name, "fresh"))
			eventually(t, "the dataset is ordered", func() error { return primaryIs(c, "fresh", nodes[0].Flocker) })
			restartAgent(t, c, nodes[0].Name)
			c.Service.ResumeAgent(nodes[0].Flocker)
			reaches(t, c, "acquiring", mesos.TASK_RUNNING)
			last := lastSynced(t, c, "running")
			printed(t, c, "running", fmt.Sprintf("synced %d\n", last+10))
			for _, id := range []string{"running", "acquiring"} {
				kill(t, c, id)
				noProcess(t, c, id)
			}
			gone(t, c, "kept", "fresh")
		})
	}
}

func restartAgent(t *testing.T, c cluster.Cluster, node string) {
	t.Helper()
	if err := c.KillAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	if err := c.StartAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
}

// A task that ends while its agent is down is reported when it is back, once.
func TestTaskEndsWhileAgentIsDown(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Nodes: 1})
	node := c.Nodes()[0].Name
	task := counter("short", node, "short-data")
	task.Command = `echo ready; while [ ! -e data/stop ] && [ ! -e stop ]; do sleep 0.05; done`
	submit(t, c, task)
	reaches(t, c, "short", mesos.TASK_RUNNING)
	printed(t, c, "short", "ready")
	if err := c.KillAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	touch(t, c, "short", "stop")
	gone(t, c, "short-data")
	if err := c.StartAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	reaches(t, c, "short", mesos.TASK_FINISHED)
	noProcess(t, c, "short")
	all, err := c.Statuses(deadline(t), "short")
	if err != nil {
		t.Fatal(err)
	}
	terminal := 0
	for _, s := range all {
		if s.GetState() == mesos.TASK_FINISHED {
			terminal++
		}
	}
	if terminal != 1 {
		t.Errorf("%d terminal statuses: %v", terminal, all)
	}
}
