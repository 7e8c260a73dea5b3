//go:build !mesos

package integration_test

import (
	"fmt"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

// An agent that took no status is killed and comes back: it learns all that
// TASK_RUNNING has to say of the container. Away once more, there are no checks; a
// container that would fail them goes on, and is killed when the agent is back.
func TestDockerAgentAway(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Docker: true, Nodes: 1})
	node, id := c.Nodes()[0].Name, "docker-away"
	misbehave(t, c, 0, agent.Faults{Refuse: &agent.Refusal{Status: 503, Type: "UPDATE"}})
	checks := watched(cluster.Task{}, `echo x >> "$MESOS_SANDBOX/checks"; test ! -e "$MESOS_SANDBOX/ill"`, "true").Info
	submit(t, c, bridged(inContainer(id, node, id, countingIn), checks))
	printed(t, c, id, "synced ")
	if all := states(t, c, id); len(all) > 0 {
		t.Errorf("the agent took %v", all)
	}
	restartAgent(t, c, node)
	status := reaches(t, c, id, mesos.TASK_RUNNING)
	inspected(t, c, node, status)
	wantLabel(t, status, id, "held")
	tells(t, c, id, mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED, healthy(true))

	if err := c.KillAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	ran := settled(t, c, id)
	touch(t, c, id, "ill")
	printed(t, c, id, fmt.Sprintf("synced %d\n", lastSynced(t, c, id)+30)) // as many checks in half a second as would kill it
	if now := checksRun(t, c, id); now != ran {
		t.Errorf("%d checks ran while the agent was away", now-ran)
	}
	if err := c.StartAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	says(t, reaches(t, c, id, mesos.TASK_KILLED), "task is unhealthy", "Container exited with status 143")
	failures(t, c, id, 3)
	everyCheckStatus(t, c, id)
	placed(t, c, id)
	nothingOf(t, c, id, id)
}
