package integration_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// Somebody restarts a task's container by hand, and it runs again before its
// executor learns of the end: the task has ended all the same, and the lease is
// returned when the second life is over, too, not before.
func TestDockerRestartByHand(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		id, node := "hand-restart-"+isolation, c.Nodes()[0].Name
		runningIn(t, c, id, node, id)
		engine := engineOf(t, c, node)
		was := theContainer(t, engine, id)
		first := firstProcess(t, engine, was.ID)
		signalExecutor(t, c, id, syscall.SIGSTOP)
		defer signalExecutor(t, c, id, syscall.SIGCONT)
		if _, err := engine.API.ContainerRestart(deadline(t), was.ID, client.ContainerRestartOptions{}); err != nil {
			t.Fatal(err)
		}
		if second := firstProcess(t, engine, was.ID); second == first {
			t.Fatalf("the container's first process is %d still", second)
		}
		signalExecutor(t, c, id, syscall.SIGCONT)
		// The engine tells the status of the first life, or it was too late for that.
		if end := reaches(t, c, id, mesos.TASK_FAILED); !strings.Contains(end.GetMessage(), "started again") {
			says(t, end, "Container exited with status 143")
		}
		nothingOf(t, c, id, id)
		removed, returned := removedAt(t, engine, id), leaseReturned(t, c, id, node)
		if !removed.Before(returned) {
			t.Errorf("the container was removed at %s, the lease returned at %s", removed, returned)
		}
	})
}

// firstProcess is that of a container, which must run.
func firstProcess(t *testing.T, e *cluster.Engine, id string) int {
	t.Helper()
	found, err := e.API.ContainerInspect(deadline(t), id, client.ContainerInspectOptions{})
	if err != nil || found.Container.State == nil || !found.Container.State.Running {
		t.Fatalf("container %s does not run: %+v (%v)", id, found.Container.State, err)
	}
	return found.Container.State.Pid
}

// A container that somebody stops by hand has ended.
func TestDockerStopByHand(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	id, node := "hand-stop", c.Nodes()[0].Name
	runningIn(t, c, id, node, id)
	engine := engineOf(t, c, node)
	if _, err := engine.API.ContainerStop(deadline(t), theContainer(t, engine, id).ID, client.ContainerStopOptions{}); err != nil {
		t.Fatal(err)
	}
	says(t, reaches(t, c, id, mesos.TASK_FAILED), "Container exited with status 143")
	nothingOf(t, c, id, id)
}

// One that is paused by hand is no ended one: it goes on when it is let, and can be
// killed before.
func TestDockerPauseByHand(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		id, node := "hand-pause-"+isolation, c.Nodes()[0].Name
		runningIn(t, c, id, node, id)
		engine := engineOf(t, c, node)
		paused(t, engine, id)
		last := lastSynced(t, c, id)
		if _, err := engine.API.ContainerUnpause(deadline(t), theContainer(t, engine, id).ID, client.ContainerUnpauseOptions{}); err != nil {
			t.Fatal(err)
		}
		printed(t, c, id, fmt.Sprintf("synced %d\n", last+5))
		stillRunning(t, c, id)
		paused(t, engine, id)
		kill(t, c, id)
		nothingOf(t, c, id, id)
	})
}

// paused returns when no process of the task's container runs.
func paused(t *testing.T, e *cluster.Engine, id string) {
	t.Helper()
	is := theContainer(t, e, id)
	_, err := e.API.ContainerPause(deadline(t), is.ID, client.ContainerPauseOptions{})
	if is = theContainer(t, e, id); is.State != container.StatePaused {
		err = errors.Join(err, fmt.Errorf("container %s is %s", is.ID, is.State))
	}
	if err != nil {
		t.Fatal(err)
	}
}
