package integration_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// The executor is killed while its engine is away, and the container runs on. Its
// keeper waits: the lease runs out and another node's task gets it, but the dataset
// stays until the engine is back and the container removed.
func TestDockerExecutorKilledWhileTheEngineIsAway(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Docker: true, Environment: map[string]string{"FLOCKER_EXECUTOR_LEASE": "8s"}})
	nodes := c.Nodes()
	runningIn(t, c, "away", nodes[0].Name, "away")
	engine := engineOf(t, c, nodes[0].Name)
	was := theContainer(t, engine, "away")
	submit(t, c, inContainer("away-next", nodes[1].Name, "away", countingIn))
	reaches(t, c, "away-next", mesos.TASK_STARTING)
	if err := engine.Kill(); err != nil {
		t.Fatal(err)
	}
	killExecutor(t, c, "away")
	reaches(t, c, "away", mesos.TASK_FAILED)
	eventually(t, "the dataset is ordered to the other node", func() error { return primaryIs(c, "away", nodes[1].Flocker) })
	if d, err := dataset(deadline(t), c, "away"); err != nil || d.Mounted != nodes[0].Flocker {
		t.Errorf("the dataset left its running container: %+v (%v)", d, err)
	}
	if !lives(was.ID) {
		t.Error("the container does not run any more")
	}
	last := lastSynced(t, c, "away")
	if err := engine.Start(deadline(t)); err != nil {
		t.Fatal(err)
	}
	status := reaches(t, c, "away-next", mesos.TASK_RUNNING)
	began := time.Unix(0, int64(status.GetTimestamp()*float64(time.Second)))
	if removed := removedAt(t, engine, "away"); !removed.Before(began) {
		t.Errorf("the container was removed at %s, the other node's task began at %s", removed, began)
	}
	containsAll(t, c, "away-next", last)
	kill(t, c, "away-next")
	nothingOf(t, c, "away", "away")
	nothingOf(t, c, "away-next", "away")
}

// With the linux launcher all die at once, and the engine is away: recovery cannot
// tell what is left of the container, and keeps the lease until the engine is back.
func TestDockerRecoveryWhileTheEngineIsAway(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Isolation: "linux", Docker: true, Nodes: 1})
	node := c.Nodes()[0].Name
	runningIn(t, c, "unsure", node, "unsure")
	engine := engineOf(t, c, node)
	was := theContainer(t, engine, "unsure")
	if err := engine.Kill(); err != nil {
		t.Fatal(err)
	}
	killExecutor(t, c, "unsure")
	dead(t, was.ID)
	recovers := func(id, outcome string) {
		finishes(t, c, volumeTask(id, node, id, "true"))
		noProcess(t, c, id)
		if said, err := output(c, id, "stderr"); err != nil || !strings.Contains(said, `"outcome": "`+outcome+`"`) {
			t.Errorf("recovery said (%v): %s", err, said)
		}
	}
	recovers("beside", "kept")
	if l, held, err := leaseOf(deadline(t), c, computedID("unsure")); err != nil || !held {
		t.Errorf("the lease was returned: %+v (%v)", l, err)
	}
	if err := engine.Start(deadline(t)); err != nil {
		t.Fatal(err)
	}
	recovers("behind", "returned")
	nothingOf(t, c, "unsure", "unsure", "beside", "behind")
}

// lives says whether a process of a container is left, whatever its engine says.
func lives(container string) bool {
	all, _ := filepath.Glob("/proc/[0-9]*/cgroup")
	return slices.ContainsFunc(all, func(path string) bool {
		text, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(text), container)
	})
}
