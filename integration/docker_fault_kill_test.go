package integration_test

import (
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// deafIn is a container that ignores SIGTERM.
const deafIn = "trap '' TERM; echo ready; while :; do sleep 0.1; done"

// A container ignores SIGTERM and is given an hour; a second KILL that gives it no
// time ends it.
func TestDockerKillTwice(t *testing.T) {
	t.Parallel()
	const id = "deaf"
	c := docked(t, "posix")
	submit(t, c, inContainer(id, "", id, deafIn))
	reaches(t, c, id, mesos.TASK_RUNNING)
	printed(t, c, id, "ready")
	killWithin(t, c, id, time.Hour)
	reaches(t, c, id, mesos.TASK_KILLING)
	killWithin(t, c, id, 0)
	says(t, reaches(t, c, id, mesos.TASK_KILLED), "Container exited with status 137")
	nothingOf(t, c, id, id)
}

func killWithin(t *testing.T, c cluster.Cluster, id string, grace time.Duration) {
	t.Helper()
	if err := c.Kill(deadline(t), id, &grace); err != nil {
		t.Fatal(err)
	}
}

// The engine hangs with a container that has just ended on a KILL, and does not tell
// how: the last status comes all the same when the time for that and for the release
// is over, and says what is still held. The executor waits for the engine and gives
// that back.
func TestDockerEngineHangsInTheEnd(t *testing.T) {
	t.Parallel()
	const id = "hangs-in-the-end"
	c := docked(t, "posix")
	node := c.Nodes()[0].Name
	engine := engineOf(t, c, node)
	driver := newSlowDriver(t, engine, id, atEnd)
	task := driver.slowly(inContainer(id, node, id, countingIn))
	task.Environment = map[string]string{"FLOCKER_EXECUTOR_RELEASE_TIMEOUT": "1s"}
	submit(t, c, task)
	reaches(t, c, id, mesos.TASK_RUNNING)
	printed(t, c, id, "synced ")
	was := theContainer(t, engine, id)
	killWithin(t, c, id, 0)
	driver.holdsUp(t)
	dead(t, was.ID)
	says(t, reaches(t, c, id, mesos.TASK_FAILED), "Failed to get exit status of container", "still held", id)
	driver.release()
	nothingOf(t, c, id, id)
}
