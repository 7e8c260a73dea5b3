package integration_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// The executor is killed while its container runs. What outlives it removes the
// container, then returns the lease, in this order; with the linux launcher all
// die at once, and the node's next executor does it. The other node's task, which
// waits for the dataset, begins after that, with all of the data.
func TestExecutorOfAContainerKilled(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		nodes, name := c.Nodes(), "orphaned-"+isolation
		runningIn(t, c, name, nodes[0].Name, name)
		engine := engineOf(t, c, nodes[0].Name)
		was := theContainer(t, engine, name)
		submit(t, c, inContainer(name+"-next", nodes[1].Name, name, countingIn))
		reaches(t, c, name+"-next", mesos.TASK_STARTING)
		killExecutor(t, c, name)
		reaches(t, c, name, mesos.TASK_FAILED)
		if isolation == "linux" {
			dead(t, was.ID)
			finishes(t, c, inContainer(name+"-heals", nodes[0].Name, name+"-heals", "true"))
		}
		reaches(t, c, name+"-next", mesos.TASK_RUNNING)
		removed, returned := removedAt(t, engine, name), leaseReturned(t, c, name, nodes[0].Name)
		if !removed.Before(returned) {
			t.Errorf("the container was removed at %s, the lease returned at %s", removed, returned)
		}
		containsAll(t, c, name+"-next", lastSynced(t, c, name))
		kill(t, c, name+"-next")
		nothingOf(t, c, name, name)
		nothingOf(t, c, name+"-next", name)
	})
}

// containsAll asserts that the task found all that was reported as synced. A
// container whose executor is dead goes on writing for a moment, unheard.
func containsAll(t *testing.T, c *cluster.Minicluster, id string, synced int) {
	t.Helper()
	line, _, _ := strings.Cut(printed(t, c, id, "found "), "\n")
	var found int
	if _, err := fmt.Sscanf(line, "found %d", &found); err != nil || found < synced {
		t.Errorf("task %s says %q, want %d or more", id, line, synced)
	}
}

// leaseReturned is when the control service read that the node gives the lease
// back: a DELETE, or a lease of no length.
func leaseReturned(t *testing.T, c *cluster.Minicluster, name, node string) time.Time {
	t.Helper()
	for _, e := range c.Service.Entries() {
		deleted := e.Method == "DELETE" && strings.HasSuffix(e.PlainPath(), computedID(name))
		ended := e.Method == "POST" && strings.Contains(e.Body, computedID(name)) && strings.Contains(e.Body, `"expires":0`)
		if e.Node == node && e.Status < 300 && (deleted || ended) {
			return e.Time
		}
	}
	t.Fatalf("%s has not returned the lease of %s", node, name)
	return time.Time{}
}

// An executor in a PID namespace of its own cannot tell whether its engine is
// the node's: it refuses volumes, and a container without any runs.
func TestEngineOutOfSight(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Isolation: "linux", Docker: true, PIDNamespace: true, Nodes: 1})
	refused(t, c, inContainer("out-of-sight", "", "out-of-sight", "true"), "PID namespace")
	nothingOf(t, c, "out-of-sight", "out-of-sight")
	plain := inContainer("plain-container", "", "", "echo runs")
	delete(plain.Labels, "flocker.volume")
	if got := finishes(t, c, plain); got != "runs\n" {
		t.Errorf("the container said %q", got)
	}
	nothingOf(t, c, "plain-container")
}

// The agent is killed and started again: the container goes on, and its executor
// still obeys.
func TestAgentRestartBesideAContainer(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := startFaulty(t, cluster.Options{Isolation: isolation, Docker: true, Nodes: 1})
			node := c.Nodes()[0].Name
			runningIn(t, c, "kept", node, "kept")
			was := theContainer(t, engineOf(t, c, node), "kept")
			restartAgent(t, c, node)
			printed(t, c, "kept", fmt.Sprintf("synced %d\n", lastSynced(t, c, "kept")+10))
			if is := theContainer(t, engineOf(t, c, node), "kept"); is.ID != was.ID {
				t.Errorf("container %s became %s", was.ID, is.ID)
			}
			kill(t, c, "kept")
			nothingOf(t, c, "kept", "kept")
		})
	}
}
