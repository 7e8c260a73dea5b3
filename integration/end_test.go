package integration_test

import (
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// Tasks that do not want to end are ended, whole.
func TestStubbornTasks(t *testing.T) {
	t.Parallel()
	inEachIsolation(t, func(t *testing.T, isolation string, c cluster.Cluster) {
		for name, command := range map[string]string{
			"ignores-sigterm": `trap '' TERM; echo ready; while :; do sleep 0.1; done`,
			"own-session":     `setsid sh -c 'trap "" TERM HUP; exec 3>data/open; echo ready; while :; do echo x >&3; sleep 0.1; done' & wait`,
			"orphans":         `(setsid sh -c 'trap "" TERM HUP; exec 3>data/open; echo ready; while :; do sleep 0.1; done' &) ; while :; do sleep 0.1; done`,
			"open-file":       `exec 3>data/open; echo ready; sleep 1000`,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				id := "stubborn-" + isolation + "-" + name
				task := counter(id, "", id)
				task.Command = command
				submit(t, c, task)
				reaches(t, c, id, mesos.TASK_RUNNING)
				printed(t, c, id, "ready")
				grace := 300 * time.Millisecond
				if err := c.Kill(deadline(t), id, &grace); err != nil {
					t.Fatal(err)
				}
				reaches(t, c, id, mesos.TASK_KILLED)
				gone(t, c, id)
				noProcess(t, c, id)
			})
		}
	})
}

// SHUTDOWN ends the task within the executor's grace period, with TASK_KILLED
// and everything given back.
func TestShutdown(t *testing.T) {
	t.Parallel()
	c := shared(t)
	for name, command := range map[string]string{
		"obeys":   counting,
		"ignores": `trap '' TERM; while :; do sleep 0.1; done`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "shutdown-" + name
			task := counter(id, "", id)
			task.Command = command
			submit(t, c, task)
			reaches(t, c, id, mesos.TASK_RUNNING)
			if err := c.Shutdown(deadline(t), id); err != nil {
				t.Fatal(err)
			}
			reaches(t, c, id, mesos.TASK_KILLED)
			gone(t, c, id)
			noProcess(t, c, id)
		})
	}
}

// kill -9 of the executor ends every process of its task; the node's next
// executor returns the lease.
func TestExecutorKilled(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := start(t, cluster.Options{Isolation: isolation, Nodes: 1})
			id, node := "executor-killed", c.Nodes()[0].Name
			task := counter(id, node, "victim")
			task.Command = `setsid sh -c 'exec 3>data/open; while :; do echo x >&3; sleep 0.05; done' & ` + counting
			submit(t, c, task)
			reaches(t, c, id, mesos.TASK_RUNNING)
			printed(t, c, id, "synced 3\n")
			killExecutor(t, c, id)
			reaches(t, c, id, mesos.TASK_FAILED)
			noProcess(t, c, id)
			next := counter("next", node, "bystander")
			next.Command = "true"
			submit(t, c, next)
			reaches(t, c, "next", mesos.TASK_FINISHED)
			gone(t, c, "victim", "bystander")
		})
	}
}
