//go:build !mesos

package integration_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

// The agent acknowledges nothing: told to end, the executor does so within its
// grace, and the statuses arrive in order all the same. After SIGTERM there is
// no agent that would kill an executor which stays.
func TestShutdownUnacknowledged(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1})
	misbehave(t, c, 0, agent.Faults{Acknowledgements: []agent.AckFault{{Lose: true}}})
	for name, end := range map[string]func(t *testing.T, id string){
		"SHUTDOWN": func(t *testing.T, id string) {
			if err := c.Shutdown(deadline(t), id); err != nil {
				t.Fatal(err)
			}
		},
		"SIGTERM": func(t *testing.T, id string) {
			if !signalExecutor(t, c, id, syscall.SIGTERM) {
				t.Fatal("there is no executor")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "unheard-" + name
			running(t, c, counter(id, "", id))
			asked := time.Now()
			end(t, id)
			reaches(t, c, id, mesos.TASK_KILLED)
			gone(t, c, id)
			noProcess(t, c, id)
			if took := time.Since(asked); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			want := []mesos.TaskState{mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_KILLING, mesos.TASK_KILLED}
			if all := states(t, c, id); fmt.Sprint(all) != fmt.Sprint(want) {
				t.Errorf("states %v, want %v", all, want)
			}
		})
	}
}
