package cluster

import (
	"context"
	"os"
	"testing"
	"time"
)

// A cluster comes up and goes without leaving anything.
func TestStartAndClose(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	before := table(t, "self")
	dir := t.TempDir()
	c, err := Start(ctx, Options{Executor: "/bin/true", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Nodes()); n != 2 {
		t.Errorf("%d nodes, want 2", n)
	}
	if err := c.KillAgent(ctx, "node-1"); err != nil {
		t.Error(err)
	}
	if err := c.StartAgent(ctx, "node-1"); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if after := table(t, "self"); len(after) != len(before) {
		t.Errorf("%d mounts on the machine, %d before", len(after), len(before))
	}
}
