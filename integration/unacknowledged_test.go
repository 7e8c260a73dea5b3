//go:build !mesos

package integration_test

import (
	"fmt"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

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
