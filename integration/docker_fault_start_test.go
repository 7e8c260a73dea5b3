package integration_test

import (
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// slowKill is more than the five seconds in which a KILL is answered.
const slowKill = 20 * time.Second

// A KILL comes while the engine makes or starts the container, and takes its time
// with it: the task is told dead soon, and says what it still holds; its executor
// goes on until the engine has done what it was asked for, and removes that.
func TestDockerKillWhileTheEngineIsSlow(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		for name, step := range map[string]string{"create": atCreate, "start": atStart} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				id, node := "slow-"+name+"-"+isolation, c.Nodes()[0].Name
				engine := engineOf(t, c, node)
				driver := newSlowDriver(t, engine, id, step)
				submit(t, c, driver.slowly(inContainer(id, node, id, countingIn)))
				driver.holdsUp(t)
				asked := time.Now()
				if err := c.Kill(deadline(t), id, nil); err != nil {
					t.Fatal(err)
				}
				status := reaches(t, c, id, mesos.TASK_KILLED)
				if took := time.Since(asked); took > slowKill {
					t.Errorf("told dead %v after the KILL", took)
				}
				says(t, status, "still held", id)
				driver.release()
				removes(t, engine, id)
				nothingOf(t, c, id, id)
			})
		}
	})
}

// Without volumes the executor has nothing to stay for: its keeper removes what
// comes of the container.
func TestDockerKillWhileTheEngineIsSlowWithoutVolumes(t *testing.T) {
	t.Parallel()
	const id = "slow-plain"
	c := docked(t, "posix")
	node := c.Nodes()[0].Name
	engine := engineOf(t, c, node)
	driver := newSlowDriver(t, engine, id, atCreate)
	task := driver.slowly(inContainer(id, node, "", "sleep 1000"))
	delete(task.Labels, "flocker.volume")
	submit(t, c, task)
	driver.holdsUp(t)
	killWithin(t, c, id, 0)
	reaches(t, c, id, mesos.TASK_KILLED)
	driver.release()
	removes(t, engine, id)
	nothingOf(t, c, id)
}

// The agent is killed and comes back while an image is pulled, a container is made
// and another is started: all three go on, and obey.
func TestDockerAgentRestartBeforeRunning(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := startFaulty(t, cluster.Options{Isolation: isolation, Docker: true, Nodes: 1})
			node := c.Nodes()[0].Name
			engine := engineOf(t, c, node)
			release := []func(){}
			for id, step := range map[string]string{"making": atCreate, "starting": atStart} {
				driver := newSlowDriver(t, engine, id, step)
				submit(t, c, driver.slowly(inContainer(id, node, id, countingIn)))
				driver.holdsUp(t)
				release = append(release, driver.release)
			}
			registry := newSlowRegistry(t)
			submit(t, c, registry.from(inContainer("pulling", node, "pulling", countingIn)))
			registry.holdsUp(t)
			restartAgent(t, c, node)
			for _, goOn := range append(release, registry.release) {
				goOn()
			}
			for _, id := range []string{"making", "starting", "pulling"} {
				reaches(t, c, id, mesos.TASK_RUNNING)
				printed(t, c, id, "synced ")
				kill(t, c, id)
				nothingOf(t, c, id, id)
			}
		})
	}
}
