package integration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

// misbehave tells a node's agent what to do wrong from now on.
func misbehave(t *testing.T, c *cluster.Minicluster, node int, f agent.Faults) {
	t.Helper()
	body, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(c.Description.Nodes[node].Agent+agent.PathFaults, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("the agent answers %s", res.Status)
	}
}

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

// SHUTDOWN while the agent acknowledges nothing: the executor ends within its
// grace, and the statuses arrive in order all the same.
func TestShutdownUnacknowledged(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1})
	misbehave(t, c, 0, agent.Faults{Acknowledgements: []agent.AckFault{{Lose: true}}})
	running(t, c, counter("unheard", "", "unheard"))
	asked := time.Now()
	if err := c.Shutdown(deadline(t), "unheard"); err != nil {
		t.Fatal(err)
	}
	reaches(t, c, "unheard", mesos.TASK_KILLED)
	gone(t, c, "unheard")
	noProcess(t, c, "unheard")
	if took := time.Since(asked); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	all, err := c.Statuses(deadline(t), "unheard")
	if err != nil {
		t.Fatal(err)
	}
	var states []mesos.TaskState
	for _, s := range all {
		states = append(states, s.GetState())
	}
	if want := []mesos.TaskState{mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_KILLING, mesos.TASK_KILLED}; fmt.Sprint(states) != fmt.Sprint(want) {
		t.Errorf("states %v, want %v", states, want)
	}
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
