//go:build !mesos

package integration_test

import (
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// The service outlives its agent: its volume follows it to another node. Before
// that the framework's stream breaks, which changes nothing.
func TestExamplesFrameworkAgentLost(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{RecoveryTimeout: 3 * time.Second})
	f, id, home := startNotes(t, c)
	if err := c.Master.DropStream(deadline(t), id); err != nil {
		t.Fatal(err)
	}
	f.says(t, "disconnected")
	f.says(t, "notes.1", "TASK_RUNNING", "RECONCILIATION")
	loseAgent(t, c, home)
	f.says(t, "notes.1", "TASK_UNREACHABLE")
	if next := after(f.says(t, "launching notes.2 on"), "on"); next == home {
		t.Errorf("launched on the lost agent's node %s", next)
	}
	f.says(t, "notes.2", "TASK_RUNNING")
	prints(t, c, "notes.2", "start 2")
}

// The old task comes back with its agent while its replacement waits for the
// volume: it is killed, and the replacement gets the volume.
func TestExamplesFrameworkOldTaskReturns(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{})
	f, _, home := startNotes(t, c, "--reconcile", "1s")
	loseAgent(t, c, home)
	f.says(t, "notes.2", "TASK_STARTING", "is held by node")
	countsOn(t, c, "notes.1")
	if err := c.StartAgent(deadline(t), home); err != nil {
		t.Fatal(err)
	}
	f.says(t, "notes.1", "TASK_KILLED")
	f.says(t, "notes.2", "TASK_RUNNING")
	prints(t, c, "notes.2", "start 2")
}

// loseAgent kills a node's agent for good: the master gives it up after 75
// seconds, which pass at once.
func loseAgent(t *testing.T, c *cluster.Minicluster, node string) {
	t.Helper()
	if err := c.KillAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	if err := c.Master.Advance(deadline(t), 2*time.Minute); err != nil {
		t.Fatal(err)
	}
}
