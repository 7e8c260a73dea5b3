package integration_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A read-only volume can be read and not written, not even by root.
func TestReadOnlyVolume(t *testing.T) {
	c := shared(t)
	t.Parallel()
	finishes(t, c, volumeTask("ro-writer", "", "read-me", "echo text > data/log"))
	got := finishes(t, c, volumeTask("ro-reader", "", "read-me", "cat data/log; touch data/x 2>&1; ls data", "ro"))
	if !strings.HasPrefix(got, "text\n") || !strings.Contains(got, "Read-only file system") || !strings.HasSuffix(got, "\nlog\n") {
		t.Errorf("the task said %q", got)
	}
	gone(t, c, "read-me")
}

// Two volumes are two datasets, each at its path; the deeper path is made.
func TestTwoVolumes(t *testing.T) {
	c := shared(t)
	t.Parallel()
	task := cluster.Task{
		ID: "two", Name: "two", Labels: labels("two-a:data:size=64MiB", "two-b:var/log/app:size=64MiB"),
		Command: `echo a > data/who; echo b > var/log/app/who; stat -c %d . data var/log/app | sort -u | wc -l`,
	}
	if got := finishes(t, c, task); strings.TrimSpace(got) != "3" {
		t.Errorf("sandbox and volumes are on %s devices, want 3", got)
	}
	gone(t, c, "two-a", "two-b")
	for name, want := range map[string]string{"two-a": "a\n", "two-b": "b\n"} {
		if got := finishes(t, c, volumeTask(name+"-alone", "", name, "cat data/who")); got != want {
			t.Errorf("dataset %s holds %q, want %q", name, got, want)
		}
	}
	gone(t, c, "two-a", "two-b")
}

// An absolute path is the task's alone: the node's directory stays as it is.
func TestAbsolutePath(t *testing.T) {
	c := shared(t)
	t.Parallel()
	node := c.Nodes()[0].Name
	const path = "/var/lib/absolute"
	if _, err := c.Exec(deadline(t), node, "sh", "-c", "mkdir "+path+" && echo host > "+path+"/host"); err != nil {
		t.Fatal(err)
	}
	task := cluster.Task{
		ID: "absolute", Name: "absolute", Node: node, Labels: label("absolute:" + path + ":size=64MiB"),
		Command: "ls " + path + "; echo inside > " + path + "/inside; echo ready; sleep 1000",
	}
	submit(t, c, task)
	reaches(t, c, "absolute", mesos.TASK_RUNNING)
	if got := printed(t, c, "absolute", "ready"); got != "ready\n" {
		t.Errorf("the task found %q on its new volume", got)
	}
	untouched(t, c, node, path)
	kill(t, c, "absolute")
	untouched(t, c, node, path)
	gone(t, c, "absolute")
}

// untouched asserts that the node itself sees its own directory.
func untouched(t *testing.T, c cluster.Cluster, node, path string) {
	t.Helper()
	if out, err := c.Exec(deadline(t), node, "ls", "-A", path); err != nil || string(out) != "host\n" {
		t.Errorf("the node sees %q in %s (%v)", out, path, err)
	}
	table, err := c.Mounts(deadline(t), node)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range table {
		if m.Mountpoint == path {
			t.Errorf("%s is mounted on the node", path)
		}
	}
}
