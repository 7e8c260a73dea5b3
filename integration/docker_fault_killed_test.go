package integration_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// containerPoints are where an executor with a container may die: what it was to
// do next is for others. At the first ones the container is not there yet, at the
// last ones not any more.
// With the linux launcher one and the same recovery does what is left.
var containerPoints = map[string][]string{
	"posix": {
		"keeper.start.after", "container.create.before", "container.create.after", "container.start.before", "container.start.after", "container.verify.after",
		"container.remove.before", "container.remove.after", "return.before", "keeper.done.before",
	},
	"linux": {"container.create.before", "container.create.after", "container.start.after", "container.remove.before"},
}

// The executor is killed at each step of its container's life. Its keeper does the
// rest, or with the linux launcher the node's next executor: the container is
// removed, then the lease returned, long before that is over.
func TestDockerKillMatrix(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		node := c.Nodes()[1].Name
		engine := engineOf(t, c, node)
		victim := func(point string) string { return strings.ReplaceAll("dies-"+isolation+"-"+point, ".", "-") }
		for _, point := range containerPoints[isolation] {
			id := victim(point)
			task := inContainer(id, node, id, "echo 1 > /data/log; sync /data/log")
			task.Executor, task.Environment = binaries.failpoint, map[string]string{failpoint.Variable: point}
			submit(t, c, task)
		}
		for _, point := range containerPoints[isolation] {
			diedAt(t, c, victim(point), point)
		}
		if isolation == "linux" {
			finishes(t, c, inContainer(victim("heals"), node, victim("heals"), "true"))
		}
		for _, point := range containerPoints[isolation] {
			id := victim(point)
			nothingOf(t, c, id, id)
			killedAtOnce(t, c, node, id)
			returned := wellBeforeExpiry(t, c, id, node)
			if point == "keeper.start.after" || point == "container.create.before" {
				continue // there never was one
			}
			if removed := removedAt(t, engine, id); !removed.Before(returned) {
				t.Errorf("%s: the container was removed at %s, the lease returned at %s", id, removed, returned)
			}
		}
	})
}

// The executor is killed while the engine makes its container, and goes on making
// it: its keeper gives the lease back and removes what has come of it.
func TestDockerExecutorKilledWhileItIsMade(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	id, node := "unmade", c.Nodes()[0].Name
	engine := engineOf(t, c, node)
	driver := newSlowDriver(t, engine, id, atCreate)
	submit(t, c, driver.slowly(inContainer(id, node, id, countingIn)))
	driver.holdsUp(t)
	killExecutor(t, c, id)
	reaches(t, c, id, mesos.TASK_FAILED)
	gone(t, c, id)
	driver.release()
	removes(t, engine, id)
	nothingOf(t, c, id, id)
}

// removes waits until the engine has removed a container of the task.
func removes(t *testing.T, e *cluster.Engine, id string) {
	t.Helper()
	events := e.API.Events(deadline(t), client.EventsListOptions{
		Since: "0", Filters: make(client.Filters).Add("event", "destroy").Add("label", docker.LabelTask+"="+id),
	})
	select {
	case <-events.Messages:
	case err := <-events.Err:
		t.Fatal("the engine does not remove the container: ", err)
	}
}

// diedAt waits for the end of an executor that came to the point.
func diedAt(t *testing.T, c cluster.Cluster, id, point string) {
	t.Helper()
	if _, err := c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool { return framework.Terminal(s.GetState()) }); err != nil {
		t.Fatal(err)
	}
	if said, err := output(c, id, "stderr"); err != nil || !strings.Contains(said, "failpoint: dying at "+point) {
		t.Fatalf("the point was not reached (%v): %s", err, said)
	}
}

// killedAtOnce asserts that the agent had no trouble in destroying the cgroup of an
// executor, as with processes that do not freeze.
func killedAtOnce(t *testing.T, c cluster.Cluster, node, id string) {
	t.Helper()
	said, err := os.ReadFile(filepath.Join(c.Dir(), node, "minicluster-mesos-agent.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(said)) {
		if strings.Contains(line, id+": ") && strings.Contains(line, "destroy cgroup") {
			t.Error(line)
		}
	}
}

// wellBeforeExpiry asserts that a node has returned its lease within the first half
// of its length since it was last renewed, and returns when.
func wellBeforeExpiry(t *testing.T, c *cluster.Minicluster, name, node string) time.Time {
	t.Helper()
	var renewed time.Time
	var length time.Duration
	for _, e := range c.Service.Entries() {
		var lease struct {
			Dataset string  `json:"dataset_id"`
			Expires float64 `json:"expires"`
		}
		if e.Method != "POST" || e.Node != node || e.Status >= 300 || json.Unmarshal([]byte(e.Body), &lease) != nil {
			continue
		}
		if lease.Dataset == computedID(name) && lease.Expires > 0 {
			renewed, length = e.Time, time.Duration(lease.Expires*float64(time.Second))
		}
	}
	returned := leaseReturned(t, c, name, node)
	if length < time.Minute || returned.Sub(renewed) > length/2 {
		t.Errorf("a lease of %v was returned %v after it was renewed", length, returned.Sub(renewed))
	}
	return returned
}

// The executor is killed while the image is on its way: there is no container and
// no keeper, and what the executor held stays leased until the node's next executor
// gives it back.
func TestDockerExecutorKilledWhilePulling(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		id, node := "pulls-"+isolation, c.Nodes()[0].Name
		registry := newSlowRegistry(t)
		submit(t, c, registry.from(inContainer(id, node, id, "true")))
		registry.holdsUp(t)
		mountedOn(t, c, id, c.Nodes()[0].Flocker)
		killExecutor(t, c, id)
		reaches(t, c, id, mesos.TASK_FAILED)
		noContainer(t, c, id)
		if l, held, err := leaseOf(deadline(t), c, computedID(id)); err != nil || !held || l.Expires > 4*time.Minute {
			t.Errorf("nobody can have returned the lease: %+v %v (%v)", l, held, err)
		}
		finishes(t, c, inContainer(id+"-heals", node, id+"-heals", "true"))
		registry.release()
		nothingOf(t, c, id, id)
		wellBeforeExpiry(t, c, id, node)
	})
}
