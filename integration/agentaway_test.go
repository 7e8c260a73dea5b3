package integration_test

import (
	"fmt"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// An agent that starts answers 404, then 503, for a while; executors come back
// all the same, those that wait for a volume and those that run.
func TestAgentRestartWindows(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Nodes: 1, RestartWindow: 400 * time.Millisecond})
	node := c.Nodes()[0]
	running(t, c, counter("windows", node.Name, "through-windows"))
	for range 2 {
		restartAgent(t, c, node.Name)
		printed(t, c, "windows", fmt.Sprintf("synced %d\n", lastSynced(t, c, "windows")+5))
	}
	stillRunning(t, c, "windows")
	kill(t, c, "windows")
	gone(t, c, "through-windows")
	noProcess(t, c, "windows")
}

// An agent that stays away longer than its recovery timeout has given its
// executors up: they end their tasks and give the volumes back by themselves.
func TestAgentNeverComesBack(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := start(t, cluster.Options{Nodes: 1, Isolation: isolation, RecoveryTimeout: 2 * time.Second})
			node := c.Nodes()[0].Name
			id := "left-alone-" + isolation
			running(t, c, counter(id, node, "left-alone"))
			if err := c.KillAgent(deadline(t), node); err != nil {
				t.Fatal(err)
			}
			noProcess(t, c, id)
			gone(t, c, "left-alone")
			if err := c.StartAgent(deadline(t), node); err != nil {
				t.Fatal(err)
			}
			status, err := c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool { return framework.Terminal(s.GetState()) })
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %s", status.GetState(), status.GetMessage())
		})
	}
}
