package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

const stateDir = "/var/lib/flocker-executor"

// Without a journal no volume is touched; tasks without volumes do not care.
func TestStateDirectoryUnusable(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string][]string{
		"read-only": {"mount", "-o", "remount,ro,bind", stateDir},
		"full":      {"sh", "-c", "mount -t tmpfs -o size=16k,mode=0755 full " + stateDir + " && dd if=/dev/zero of=" + stateDir + "/filler bs=4k 2>/dev/null; true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startFaulty(t, cluster.Options{Nodes: 1})
			node := c.Nodes()[0].Name
			if _, err := c.Exec(deadline(t), node, spoil...); err != nil {
				t.Fatal(err)
			}
			submit(t, c, counter("refused", node, "never"))
			status := reaches(t, c, "refused", mesos.TASK_FAILED)
			if !strings.Contains(status.GetMessage(), stateDir) {
				t.Errorf("message %q does not name the state directory", status.GetMessage())
			}
			if n := c.Service.Leases(); len(n) != 0 {
				t.Errorf("leases %v were taken", n)
			}
			noProcess(t, c, "refused")
			submit(t, c, cluster.Task{ID: "plain", Name: "plain", Node: node, Command: "true"})
			reaches(t, c, "plain", mesos.TASK_FINISHED)
		})
	}
}

// Entries that cannot be read are kept aside and reported, and hinder nobody.
func TestCorruptJournal(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Nodes: 1})
	node := c.Nodes()[0].Name
	run := filepath.Join(c.StateDir(node), "runs", "spoiled-run")
	for _, stage := range []string{"wanted", "held", "releasing"} {
		if err := os.MkdirAll(filepath.Join(run, stage), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(run, "held", "half.json"), []byte(`{"format": 1, "task": "x", "rec`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(run, "wanted", "junk.json"), []byte("\x00\x01junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	running(t, c, counter("next", node, "fine"))
	kill(t, c, "next")
	gone(t, c, "fine")
	eventually(t, "the spoiled entries are kept aside", func() error {
		return keptAside(c.StateDir(node), "half.json", "junk.json")
	})
}

// keptAside looks for what was left of files of these names, outside the runs.
func keptAside(dir string, names ...string) error {
	for _, name := range names {
		found, err := filepath.Glob(filepath.Join(dir, "corrupt", "*"+name))
		if err != nil || len(found) == 0 {
			return &os.PathError{Op: "find", Path: name, Err: os.ErrNotExist}
		}
	}
	return nil
}
