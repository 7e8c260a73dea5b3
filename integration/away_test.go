package integration_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// recoverBy runs "flocker-executor recover" on a node, as its operator does.
func recoverBy(t *testing.T, c *cluster.Minicluster, node string, flags ...string) string {
	t.Helper()
	env, err := c.ExecutorEnvironment(node)
	if err != nil {
		t.Fatal(err)
	}
	argv := append([]string{"env"}, env...)
	argv = append(argv, binaries.race, "recover")
	out, err := c.Exec(deadline(t), node, append(argv, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The control service is away for several lease lengths: the task does not
// notice. When it ends the status says what is left; "recover" clears it when
// the service is back, and only then.
func TestServiceAwayWhileRunning(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1, Environment: map[string]string{
		"FLOCKER_EXECUTOR_LEASE": "1s", "FLOCKER_EXECUTOR_RELEASE_TIMEOUT": "2s",
	}})
	node := c.Nodes()[0].Name
	task := counter("undisturbed", node, "kept-through")
	task.Command = `i=0; while :; do i=$((i + 1)); echo $i > data/log; sync data/log; echo "tenth $i"; sleep 0.1; done`
	submit(t, c, task)
	printed(t, c, task.ID, "tenth 1\n")
	d, err := dataset(deadline(t), c, "kept-through")
	if err != nil {
		t.Fatal(err)
	}
	c.Service.Down()
	printed(t, c, task.ID, "tenth 40\n") // at least four lease lengths
	stillRunning(t, c, task.ID)
	kill(t, c, task.ID)
	status := reaches(t, c, task.ID, mesos.TASK_KILLED)
	says(t, status, "kept-through", d.ID, "recover")
	noProcess(t, c, task.ID)
	if err := c.Service.Up(0); err != nil {
		t.Fatal(err)
	}
	if said := recoverBy(t, c, node, "--dry-run"); !strings.Contains(said, d.ID) && !strings.Contains(said, "kept-through") {
		t.Errorf("recover --dry-run does not name the dataset: %q", said)
	}
	if entries, err := journal(c, node); err != nil || len(entries) != 1 {
		t.Errorf("the journal is %v after a dry run (%v)", entries, err)
	}
	t.Log(recoverBy(t, c, node))
	gone(t, c, "kept-through")
	if runs, err := filepath.Glob(filepath.Join(c.StateDir(node), "runs", "*")); err != nil || len(runs) > 0 {
		t.Errorf("runs are left: %v (%v)", runs, err)
	}
}

func stillRunning(t *testing.T, c cluster.Cluster, id string) {
	t.Helper()
	all, err := c.Statuses(deadline(t), id)
	if err != nil || len(all) == 0 || all[len(all)-1].GetState() != mesos.TASK_RUNNING {
		t.Errorf("task %s was disturbed: %v (%v)", id, all, err)
	}
}

// A release that fails keeps no status back, and the status names what is held.
// The node's next executor gives it back.
func TestReleaseFails(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1, Environment: map[string]string{
		"FLOCKER_EXECUTOR_LEASE": "1h", "FLOCKER_EXECUTOR_ACQUIRE_TIMEOUT": "2h", "FLOCKER_EXECUTOR_RELEASE_TIMEOUT": "2s",
	}})
	node := c.Nodes()[0]
	task := volumeTask("unreturned", node.Name, "stuck", "echo ready; while [ ! -e stop ]; do sleep 0.02; done")
	submit(t, c, task)
	printed(t, c, task.ID, "ready")
	broken := c.Service.Inject(flockertest.Fault{Path: "/v1/configuration/leases*", Answer: flockertest.ServerError(), Times: -1})
	deletes := c.Service.Inject(flockertest.Fault{Path: "/v1/configuration/leases/*", Answer: flockertest.ServerError(), Times: -1})
	touch(t, c, task.ID, "stop")
	status := reaches(t, c, task.ID, mesos.TASK_FINISHED)
	says(t, status, "exited with status 0", "stuck", computedID("stuck"), node.Flocker, "lease may last")
	noProcess(t, c, task.ID) // which keeps the journal entry locked
	broken.Remove()
	deletes.Remove()
	if _, held, err := leaseOf(deadline(t), c, computedID("stuck")); err != nil || !held {
		t.Errorf("the lease is held: %v (%v), want it to be", held, err)
	}
	finishes(t, c, volumeTask("successor", node.Name, "other", "true"))
	gone(t, c, "stuck", "other")
	finishes(t, c, volumeTask("same-again", node.Name, "stuck", "true"))
	gone(t, c, "stuck")
}

// "recover" clears what a killed executor left, on a node that gets no next one.
func TestRecoverByOperator(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1, Environment: map[string]string{"FLOCKER_EXECUTOR_LEASE": "1h", "FLOCKER_EXECUTOR_ACQUIRE_TIMEOUT": "2h"}})
	node := c.Nodes()[0].Name
	running(t, c, counter("alive", node, "in-use"))
	running(t, c, counter("dead", node, "orphaned"))
	killExecutor(t, c, "dead")
	reaches(t, c, "dead", mesos.TASK_FAILED)
	noProcess(t, c, "dead")
	if said := recoverBy(t, c, node, "--dry-run"); !strings.Contains(said, "orphaned") {
		t.Errorf("recover --dry-run says %q", said)
	}
	if err := left(c, "orphaned"); err == nil {
		t.Error("a dry run changed something")
	}
	if said := recoverBy(t, c, node); !strings.Contains(said, "orphaned") {
		t.Errorf("recover says %q", said)
	}
	gone(t, c, "orphaned")
	if _, held, err := leaseOf(context.Background(), c, computedID("in-use")); err != nil || !held {
		t.Errorf("the living task's lease: %v (%v)", held, err)
	}
	printed(t, c, "alive", fmt.Sprintf("synced %d\n", lastSynced(t, c, "alive")+5))
	kill(t, c, "alive")
	gone(t, c, "in-use")
}
