package integration_test

import (
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// The dataset agent does nothing: the mount never appears, the task fails at its
// timeout, and what was made stays, unleased.
func TestMountNeverAppears(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1})
	node := c.Nodes()[0]
	c.Service.PauseAgent(node.Flocker)
	refused(t, c, volumeTask("patient", "", "late-data", "echo ran > data/log", "size=64MiB", "timeout=2s"),
		"late-data", node.Flocker, "2s")
	gone(t, c, "late-data")
	if err := primaryIs(c, "late-data", node.Flocker); err != nil {
		t.Errorf("what an acquire made was not left: %v", err)
	}
	c.Service.ResumeAgent(node.Flocker)
	mountedOn(t, c, "late-data", node.Flocker)
}

// The dataset was here before, so that its directory exists, but nothing is
// mounted there: nothing is written into it, and the dataset is put back.
func TestDirectoryIsNoMount(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{})
	here, there := c.Nodes()[0], c.Nodes()[1]
	finishes(t, c, volumeTask("before", here.Name, "away", "echo 1 > data/log"))
	d, err := dataset(deadline(t), c, "away")
	if err != nil {
		t.Fatal(err)
	}
	c.Service.Move(d.ID, there.Flocker)
	mountedOn(t, c, "away", there.Flocker)
	directory := "/flocker/" + d.ID
	if out, err := c.Exec(deadline(t), here.Name, "ls", "-A", directory); err != nil || len(out) > 0 {
		t.Fatalf("want an empty directory: %q, %v", out, err)
	}
	c.Service.PauseAgent(here.Flocker)
	refused(t, c, volumeTask("again", here.Name, "away", "echo 2 > data/log", "timeout=2s"), "away", d.ID)
	if out, err := c.Exec(deadline(t), here.Name, "ls", "-A", directory); err != nil || len(out) > 0 {
		t.Errorf("something was written into the bare directory: %q, %v", out, err)
	}
	gone(t, c, "away")
	c.Service.ResumeAgent(here.Flocker)
	mountedOn(t, c, "away", there.Flocker)
	if got := finishes(t, c, volumeTask("there", there.Name, "away", "cat data/log")); strings.TrimSpace(got) != "1" {
		t.Errorf("the dataset holds %q", got)
	}
}
