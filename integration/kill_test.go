package integration_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// requests is how often one task's executor talks to the control service when
// it makes a dataset and gives it back: lease, read, list, create, return.
const requests = 5

// killPoints is the one list without those of a container, and with the points
// that one executor passes several times taken apart.
func killPoints() []string {
	var points []string
	for _, p := range failpoint.Points {
		if slices.Contains(failpoint.ContainerPoints, p) {
			continue
		}
		if !strings.HasPrefix(p, "request.") {
			points = append(points, p)
			continue
		}
		for n := 1; n <= requests; n++ {
			points = append(points, fmt.Sprintf("%s#%d", p, n))
		}
	}
	return points
}

// The executor is killed at every point of its life; the node's next executor
// leaves nothing of it. Leases last an hour, so that nothing looks healed by
// expiry, and a lease that was taken was returned by the same node.
func TestKillMatrix(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{
		Executor:    binaries.failpoint,
		Environment: map[string]string{"FLOCKER_EXECUTOR_LEASE": "1h", "FLOCKER_EXECUTOR_ACQUIRE_TIMEOUT": "2h"},
	})
	slots := make(chan int, 4)
	for i := range cap(slots) {
		slots <- i
	}
	for _, point := range killPoints() {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			slot := <-slots
			defer func() { slots <- slot }()
			killedAt(t, c, point, c.Nodes()[slot%2].Name)
		})
	}
}

func killedAt(t *testing.T, c *cluster.Minicluster, point, node string) {
	t.Helper()
	name := "kill-" + strings.NewReplacer(".", "-", "#", "-").Replace(point)
	victim := counter(name, node, name)
	victim.Command = "echo 1 > data/log; sync data/log"
	victim.Environment = map[string]string{failpoint.Variable: point}
	submit(t, c, victim)
	if _, err := c.Wait(deadline(t), name, func(s mesos.TaskStatus) bool { return framework.Terminal(s.GetState()) }); err != nil {
		t.Fatal(err)
	}
	noProcess(t, c, name)
	if log, err := output(c, name, "stderr"); err != nil || !strings.Contains(log, "failpoint: dying at "+point) {
		t.Fatalf("the point was not reached (%v): %s", err, log)
	}
	next := counter("after-"+name, node, "after-"+name)
	next.Command = "true"
	submit(t, c, next)
	reaches(t, c, "after-"+name, mesos.TASK_FINISHED)
	gone(t, c, name, "after-"+name)
	returned(t, c.Service.Entries(), name, node)
}

// returned asserts that if the victim's lease was ever granted, the same node
// gave it back: by DELETE, or by a lease of no length, which cannot hit another
// node's.
func returned(t *testing.T, log []flockertest.Entry, name, node string) {
	t.Helper()
	held := map[string]bool{}
	for _, e := range log {
		if e.Node != node || e.Status < 200 || e.Status > 299 || !strings.HasPrefix(e.Path, "/v1/configuration/leases") {
			continue
		}
		switch e.Method {
		case "DELETE":
			held[strings.TrimPrefix(e.Path, "/v1/configuration/leases/")] = false
		case "POST":
			var lease struct {
				Dataset string   `json:"dataset_id"`
				Expires *float64 `json:"expires"`
			}
			if err := json.Unmarshal([]byte(e.Body), &lease); err != nil {
				t.Fatal(err)
			}
			held[lease.Dataset] = lease.Expires == nil || *lease.Expires > 0
		}
	}
	if id := computedID(name); held[id] {
		t.Errorf("the lease of %s (%s) was never returned by %s", name, id, node)
	}
}
