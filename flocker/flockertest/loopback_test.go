package flockertest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

func TestDataMovesWithItsDataset(t *testing.T) {
	for name, agent := range map[string]flockertest.Agent{
		"loopback":  {Backend: flockertest.Loopback},
		"directory": {Backend: flockertest.Directory},
		"no mount":  {Backend: flockertest.Directory, NoMount: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := startCluster(t, agent)
			id, path := c.create(t, node1)
			entries, err := os.ReadDir(path)
			if err != nil || len(entries) > 0 {
				t.Errorf("a new dataset holds %v, %v", entries, err)
			}
			if err := os.WriteFile(filepath.Join(path, "file"), []byte("data"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, node := range []string{node2, node1, node2} {
				c.Move(id, node)
				path = c.mounted(t, id, node)
			}
			if data, err := os.ReadFile(filepath.Join(path, "file")); string(data) != "data" {
				t.Errorf("after three moves: %q, %v", data, err)
			}
			checkModes(t, path)
			left := filepath.Join(c.roots[node1], id)
			if entries, err := os.ReadDir(left); err != nil || len(entries) > 0 {
				t.Errorf("the directory that was left: %v, %v", entries, err)
			}
		})
	}
}

func checkModes(t *testing.T, path string) {
	t.Helper()
	for p, want := range map[string]os.FileMode{path: 0o777, filepath.Dir(path): 0o700} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; not %v", p, info.Mode(), err, want)
		}
	}
}

func TestBusyFilesystemStaysUntilItsLastUserIsGone(t *testing.T) {
	c := startCluster(t, flockertest.Agent{})
	id, path := c.create(t, node1)
	f, err := os.Create(filepath.Join(path, "open"))
	if err != nil {
		t.Fatal(err)
	}
	c.Move(id, node2)
	other, _ := c.create(t, node1) // gives the agent rounds enough to try
	c.Move(other, node2)
	c.mounted(t, other, node2)
	if _, err := f.WriteString("still here"); err != nil {
		t.Fatal(err)
	}
	for _, d := range c.States() {
		if d.ID == id && d.Primary != node1 {
			t.Fatalf("a busy dataset left: %+v", d)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	path = c.mounted(t, id, node2)
	if data, err := os.ReadFile(filepath.Join(path, "open")); string(data) != "still here" {
		t.Errorf("%q, %v", data, err)
	}
}

// TestLoopDeviceIsDetachedLazily shows the fault that the project is built
// around, so that nobody repairs it here by accident.
func TestLoopDeviceIsDetachedLazily(t *testing.T) {
	c := startCluster(t, flockertest.Agent{})
	id, path := c.create(t, node1)
	ctx, cancel := context.WithCancel(t.Context())
	doubles := flockertest.WatchDoubleAttach(ctx, c.pool())
	release := holdCopy(t, path)
	c.Move(id, node2)
	c.mounted(t, id, node2)
	devices, err := flockertest.Backing()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for image, minors := range devices {
		if strings.HasPrefix(filepath.Base(image), id) {
			n += len(minors)
		}
	}
	if n != 2 {
		t.Errorf("the image is behind %d loop devices, want two", n)
	}
	select {
	case image := <-doubles:
		if !strings.HasPrefix(filepath.Base(image), id) {
			t.Errorf("the oracle named %s", image)
		}
	case <-brief(t).Done():
		t.Error("the oracle saw nothing")
	}
	cancel()
	for image := range doubles {
		t.Errorf("the oracle named %s too", image)
	}
	release()
}

// holdCopy keeps a copy of the mount alive where no umount of the agent's
// namespace finds it: in a process with a namespace of its own.
func holdCopy(t *testing.T, path string) (release func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Access(path, 4); err != nil {
		t.Fatal(err)
	}
	return func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestSecondMountHidesTheFirst shows the other half of the fault: the agent keeps
// one mount for each device, the last, and detaches under all others.
func TestSecondMountHidesTheFirst(t *testing.T) {
	c := startCluster(t, flockertest.Agent{})
	id, path := c.create(t, node1)
	second := t.TempDir()
	if err := unix.Mount(path, second, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	c.Move(id, node2)
	c.mounted(t, id, node2)
	if mounts, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter(path)); err != nil || len(mounts) != 1 {
		t.Errorf("the first mount was unmounted: %v, %v", mounts, err)
	}
	if err := unix.Unmount(second, 0); err != nil {
		t.Error(err)
	}
}
