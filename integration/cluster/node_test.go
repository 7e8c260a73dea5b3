package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/sys/mountinfo"
)

func TestMain(m *testing.M) {
	if Init() {
		return
	}
	os.Exit(m.Run())
}

// A node has its own storage root, configuration, state and boot id, its root
// is shared, and neither the machine nor another node sees any of it.
func TestNodeWorld(t *testing.T) {
	before := table(t, "self")
	a, b := testNode(t, "node-1"), testNode(t, "node-2")
	for _, n := range []*node{a, b} {
		bootID, err := os.ReadFile(n.path(bootIDPath))
		if err != nil || strings.TrimSpace(string(bootID)) != n.config.BootID {
			t.Errorf("%s has boot id %q, want %q (%v)", n.config.Name, bootID, n.config.BootID, err)
		}
		for _, p := range []string{storageRoot, configDir, stateDir} {
			if err := os.WriteFile(filepath.Join(n.path(p), "mark"), []byte(n.config.Name), 0o644); err != nil {
				t.Error(err)
			}
		}
		if info := table(t, n.pid()); !strings.Contains(info["/"].Optional, "shared:") {
			t.Errorf("%s: / is %q, want it shared", n.config.Name, info["/"].Optional)
		}
	}
	for _, p := range []string{storageRoot, configDir, stateDir} {
		got, err := os.ReadFile(filepath.Join(a.path(p), "mark"))
		if err != nil || string(got) != "node-1" {
			t.Errorf("node-1 sees %q in %s (%v)", got, p, err)
		}
		if _, err := os.Stat(filepath.Join(p, "mark")); err == nil {
			t.Errorf("the machine sees the node's %s", p)
		}
	}
	if err := a.stop(); err != nil {
		t.Error(err)
	}
	if after := table(t, "self"); len(after) != len(before) {
		t.Errorf("%d mounts on the machine, %d before", len(after), len(before))
	}
}

func testNode(t *testing.T, name string) *node {
	t.Helper()
	n, err := startNode(nodeConfig{Name: name, Dir: filepath.Join(t.TempDir(), name), BootID: newBootID()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n.cmd.ProcessState == nil {
			_ = n.kill()
		}
	})
	return n
}

func table(t *testing.T, pid string) map[string]*mountinfo.Info {
	t.Helper()
	f, err := os.Open("/proc/" + pid + "/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := mountinfo.GetMountsFromReader(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	byPoint := map[string]*mountinfo.Info{}
	for _, m := range all {
		byPoint[m.Mountpoint] = m
	}
	return byPoint
}
