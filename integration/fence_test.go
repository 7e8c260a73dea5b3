package integration_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// operator is a person with a Flocker client of their own.
func operator(t *testing.T, c cluster.Cluster) *flocker.Client {
	t.Helper()
	client, err := c.FlockerClient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// running submits a counter and waits until it has written.
func running(t *testing.T, c cluster.Cluster, task cluster.Task) {
	t.Helper()
	submit(t, c, task)
	reaches(t, c, task.ID, mesos.TASK_RUNNING)
	printed(t, c, task.ID, "synced ")
}

func kill(t *testing.T, c cluster.Cluster, id string) {
	t.Helper()
	if err := c.Kill(deadline(t), id, nil); err != nil {
		t.Fatal(err)
	}
	reaches(t, c, id, mesos.TASK_KILLED)
}

// mountedOn waits until the dataset is mounted on a node.
func mountedOn(t *testing.T, c cluster.Cluster, name, uuid string) {
	t.Helper()
	eventually(t, "dataset "+name+" is mounted on "+uuid, func() error {
		d, err := dataset(context.Background(), c, name)
		if err == nil && d.Mounted != uuid {
			err = fmt.Errorf("it is mounted on %q, configured on %s", d.Mounted, d.Primary)
		}
		return err
	})
}

// unleased removes the lease of a dataset by hand.
func unleased(t *testing.T, c cluster.Cluster, name string) (cluster.Dataset, *flocker.Client) {
	t.Helper()
	d, err := dataset(deadline(t), c, name)
	if err != nil {
		t.Fatal(err)
	}
	op := operator(t, c)
	if _, err := op.ReleaseLease(deadline(t), d.ID); err != nil {
		t.Fatal(err)
	}
	return d, op
}

// The lease is removed by hand and the dataset ordered away while a task has a
// file open: it stays until the task is gone, then moves, complete.
func TestLeaseRemovedByHand(t *testing.T) {
	t.Parallel()
	inEachIsolation(t, func(t *testing.T, _ string, c cluster.Cluster) {
		nodes := c.Nodes()
		running(t, c, counter("writer", nodes[0].Name, "wanted"))
		d, op := unleased(t, c, "wanted")
		if _, err := op.SetPrimary(deadline(t), d.ID, nodes[1].Flocker); err != nil {
			t.Fatal(err)
		}
		before := lastSynced(t, c, "writer")
		printed(t, c, "writer", fmt.Sprintf("synced %d\n", before+50))
		if d, err := dataset(deadline(t), c, "wanted"); err != nil || d.Mounted != nodes[0].Flocker {
			t.Fatalf("the dataset left its running task: %+v (%v)", d, err)
		}
		kill(t, c, "writer")
		last := lastSynced(t, c, "writer")
		mountedOn(t, c, "wanted", nodes[1].Flocker)
		reader := counter("reader", nodes[1].Name, "wanted")
		reader.Command = `echo "found $(tail -n 1 data/log)"`
		submit(t, c, reader)
		reaches(t, c, "reader", mesos.TASK_FINISHED)
		complete(t, c, "reader", last)
	})
}

// A task that uses other volumes, started while a dataset was mounted, does not
// keep that dataset from leaving, and neither does one on the same node whose
// dataset stays.
func TestBystanderHoldsNothing(t *testing.T) {
	t.Parallel()
	inEachIsolation(t, func(t *testing.T, _ string, c cluster.Cluster) {
		nodes := c.Nodes()
		running(t, c, counter("mover", nodes[0].Name, "leaves"))
		running(t, c, counter("bystander", nodes[0].Name, "stays"))
		plain := cluster.Task{ID: "plain", Name: "plain", Node: nodes[0].Name, Command: "echo ready; sleep 1000"}
		submit(t, c, plain)
		printed(t, c, "plain", "ready")
		kill(t, c, "mover")
		last := lastSynced(t, c, "mover")
		running(t, c, counter("moved", nodes[1].Name, "leaves"))
		complete(t, c, "moved", last)
		if status, err := c.Statuses(deadline(t), "bystander"); err != nil || status[len(status)-1].GetState() != mesos.TASK_RUNNING {
			t.Errorf("the bystander was disturbed: %v (%v)", status, err)
		}
		for _, id := range []string{"moved", "bystander", "plain"} {
			kill(t, c, id)
		}
		gone(t, c, "leaves", "stays")
	})
}

// The lease goes to another node while the task runs: the task is stopped.
func TestLeaseLostToAnotherNode(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Environment: map[string]string{"FLOCKER_EXECUTOR_LEASE": "8s"}})
	nodes := c.Nodes()
	running(t, c, counter("loser", nodes[0].Name, "lost"))
	d, op := unleased(t, c, "lost")
	if _, err := op.AcquireLease(deadline(t), d.ID, nodes[1].Flocker, flocker.Forever); err != nil {
		t.Fatal(err)
	}
	status := reaches(t, c, "loser", mesos.TASK_FAILED)
	if status.GetReason() != mesos.REASON_CONTAINER_LIMITATION {
		t.Errorf("reason %s", status.GetReason())
	}
	for _, want := range []string{"lost", nodes[1].Flocker} {
		if !strings.Contains(status.GetMessage(), want) {
			t.Errorf("message %q does not name %q", status.GetMessage(), want)
		}
	}
	noProcess(t, c, "loser")
	if l, held, err := leaseOf(deadline(t), c, d.ID); err != nil || !held || l.Node != nodes[1].Flocker {
		t.Errorf("the other node's lease is gone: %+v %v (%v)", l, held, err)
	}
}
