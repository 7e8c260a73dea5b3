package integration_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// foreign makes a dataset as another tool does: a random id, and no more than a
// name in its metadata.
func foreign(c *cluster.Minicluster, name string) string {
	return c.Service.Create(flockertest.Dataset{
		ID: uuid.NewString(), Primary: c.Nodes()[0].Flocker, MaximumSize: 64 << 20, Metadata: map[string]string{"name": name},
	})[0]
}

// named lists the live datasets of a name.
func named(t *testing.T, c cluster.Cluster, name string) (ids []string) {
	t.Helper()
	all, err := c.Datasets(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Name == name {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// A dataset that another tool has made is used, from either node, not twinned.
func TestDatasetOfAnotherTool(t *testing.T) {
	c := sharedFaulty(t)
	t.Parallel()
	id := foreign(c, "foreign")
	for i, node := range c.Nodes() {
		task := volumeTask("foreign-on-"+node.Name, node.Name, "foreign", "cat data/log; echo "+node.Name+" >> data/log", "create=true")
		want := []string{"", "node-1\n"}[i]
		if got := finishes(t, c, task); got != want {
			t.Errorf("%s found %q, want %q", node.Name, got, want)
		}
		gone(t, c, "foreign")
	}
	if ids := named(t, c, "foreign"); len(ids) != 1 || ids[0] != id {
		t.Errorf("datasets %v, want %s alone", ids, id)
	}
}

// Two live datasets of a name are one too many to guess.
func TestTwoDatasetsOfOneName(t *testing.T) {
	c := sharedFaulty(t)
	t.Parallel()
	first, second := foreign(c, "twins"), foreign(c, "twins")
	status := refused(t, c, volumeTask("which-twin", "", "twins", "true", "timeout=10s"), "twins", first, second, "dataset=")
	if status.GetReason() != mesos.REASON_CONTAINER_LAUNCH_FAILED {
		t.Errorf("reason %s", status.GetReason())
	}
	gone(t, c, "twins")
	got := finishes(t, c, volumeTask("that-twin", "", "twins", "echo ok > data/log; cat data/log", "dataset="+second))
	if got != "ok\n" {
		t.Errorf("the task said %q", got)
	}
	gone(t, c, "twins")
}

// A name can be used again after its dataset was deleted: with a new dataset.
func TestNameUsedAgain(t *testing.T) {
	c := shared(t)
	t.Parallel()
	op := operator(t, c)
	name := "reborn-" + uuid.NewString() // a service that stays knows what was deleted
	seen := map[string]bool{}
	for _, task := range []string{"use-1", "use-2", "use-3"} {
		got := finishes(t, c, volumeTask(task, "", name, "ls data; touch data/old"))
		if strings.Contains(got, "old") {
			t.Errorf("task %s has the deleted data: %q", task, got)
		}
		gone(t, c, name)
		ids := named(t, c, name)
		if len(ids) != 1 || seen[ids[0]] {
			t.Fatalf("datasets %v after %v", ids, seen)
		}
		seen[ids[0]] = true
		if _, err := op.DeleteDataset(deadline(t), ids[0]); err != nil {
			t.Fatal(err)
		}
	}
	if !seen[computedID(name)] {
		t.Errorf("none of %v has the id computed from the name", seen)
	}
}

// dataset= names the dataset; the name must then be its own, if it has one.
func TestDatasetByID(t *testing.T) {
	c := sharedFaulty(t)
	t.Parallel()
	id := foreign(c, "by-id")
	refused(t, c, volumeTask("misnamed", "", "other-name", "true", "dataset="+id, "timeout=10s"), "other-name", "by-id", id)
	finishes(t, c, volumeTask("by-id", "", "by-id", "touch data/x", "dataset="+id))
	absent := uuid.NewString()
	refused(t, c, volumeTask("by-no-id", "", "absent", "true", "dataset="+absent, "create=false", "timeout=10s"), absent)
	gone(t, c, "by-id")
}

// create=false never makes a dataset.
func TestCreateFalse(t *testing.T) {
	c := sharedFaulty(t)
	t.Parallel()
	refused(t, c, volumeTask("no-create", "", "never-made", "true", "create=false", "timeout=10s"), "never-made", "create=false")
	if ids := named(t, c, "never-made"); len(ids) > 0 {
		t.Errorf("datasets %v were made", ids)
	}
	foreign(c, "made-before")
	finishes(t, c, volumeTask("create-false", "", "made-before", "touch data/x", "create=false"))
	gone(t, c, "made-before")
}
