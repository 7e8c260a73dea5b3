package integration_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// movedBack is a dataset of the first node that a task on the second one orders
// to itself. It is killed while that order is with the control service, which
// does not look at it before the fault is removed.
func movedBack(t *testing.T, c *cluster.Minicluster, name string) (order *flockertest.Injected) {
	t.Helper()
	nodes := c.Nodes()
	running(t, c, counter("made-"+name, nodes[0].Name, name))
	kill(t, c, "made-"+name)
	gone(t, c, name)
	order = c.Service.Inject(flockertest.Fault{
		Method: "POST", Path: "/v1/configuration/datasets/*", Node: nodes[1].Name, Skip: 1, Until: t.Context().Done(),
	})
	submit(t, c, counter("killed-"+name, nodes[1].Name, name))
	<-order.Hit()
	if err := c.Kill(deadline(t), "killed-"+name, nil); err != nil {
		t.Fatal(err)
	}
	return order
}

// stays asserts that nothing of a killed acquire is left, and that the dataset is
// where it was.
func stays(t *testing.T, c *cluster.Minicluster, name string) {
	t.Helper()
	gone(t, c, name)
	if err := primaryIs(c, name, c.Nodes()[0].Flocker); err != nil {
		t.Error(err)
	}
	noProcess(t, c, "killed-"+name)
}

// An order to move that a KILL interrupts may be carried out late: the lease is
// returned after that, when the dataset has been put back.
func TestKillWhileTheOrderIsInTheAir(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{})
	order := movedBack(t, c, "late")
	eventually(t, "the acquire is undone", func() error {
		entries, err := journal(c, c.Nodes()[1].Name)
		if err == nil && (len(entries) != 1 || !strings.Contains(entries[0], "/releasing/")) {
			err = fmt.Errorf("the journal is %v", entries)
		}
		return err
	})
	order.Remove()
	reaches(t, c, "killed-late", mesos.TASK_KILLED)
	stays(t, c, "late")
}

// When the time of the undo is over before the order is answered, the lease
// stays, and the status names the order. Recovery puts the dataset back.
func TestKillEndsBeforeTheOrderIsAnswered(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{})
	second := c.Nodes()[1]
	asked := time.Now()
	order := movedBack(t, c, "too-late")
	status := reaches(t, c, "killed-too-late", mesos.TASK_KILLED)
	t.Logf("terminal %v after the task was submitted", time.Since(asked))
	says(t, status, "too-late", "its order to node "+second.Flocker+" is not answered", "recovery")
	noProcess(t, c, "killed-too-late")
	d, err := dataset(deadline(t), c, "too-late")
	if err != nil {
		t.Fatal(err)
	}
	if l, held, err := leaseOf(deadline(t), c, d.ID); err != nil || !held || l.Node != second.Flocker {
		t.Errorf("the lease went back while the order was in the air: %+v %v (%v)", l, held, err)
	}
	order.Remove()
	eventually(t, "the order is carried out late", func() error { return primaryIs(c, "too-late", second.Flocker) })
	t.Log(recoverBy(t, c, second.Name))
	stays(t, c, "too-late")
}
