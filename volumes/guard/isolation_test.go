package guard_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// The sandbox of a run is named after a UUID, as datasets are, and may be a mount
// that a symbolic link leads to.
func TestSandboxOnAMountOfItsOwn(t *testing.T) {
	w := newWorld(t)
	work := t.TempDir()
	w.sandbox = filepath.Join(work, "runs", uuid.NewString())
	if err := os.MkdirAll(w.sandbox, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", w.sandbox, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(w.sandbox, unix.MNT_DETACH) })
	link := filepath.Join(t.TempDir(), "work")
	if err := os.Symlink(work, link); err != nil {
		t.Fatal(err)
	}
	c := w.config("data")
	c.Sandbox = filepath.Join(link, "runs", filepath.Base(w.sandbox))
	g := start(t, c)
	w.sh(t, g, "touch data/file here")
	if status := exit(t, g); status != 0 {
		t.Errorf("wait status %#x", status)
	}
	w.file(t, "here")
	if _, err := os.Stat(filepath.Join(w.mount.Point, "file")); err != nil {
		t.Error(err)
	}
}

// A persistent volume of Mesos is mounted below the sandbox before the executor
// starts, and may be called anything.
func TestPersistentVolumeStays(t *testing.T) {
	w := newWorld(t)
	volume := filepath.Join(w.sandbox, uuid.NewString())
	if err := os.Mkdir(volume, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", volume, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(volume, unix.MNT_DETACH) })
	g := start(t, w.config("data"))
	w.sh(t, g, "touch data/file "+filepath.Base(volume)+"/file")
	if status := exit(t, g); status != 0 {
		t.Errorf("wait status %#x", status)
	}
	w.file(t, filepath.Join(filepath.Base(volume), "file"))
	if err := unix.Unmount(volume, 0); err != nil {
		t.Errorf("umount of the persistent volume: %v", err)
	}
	if _, err := os.Stat(filepath.Join(volume, "file")); err == nil {
		t.Error("the task wrote to what lies under the persistent volume")
	}
}

// G2: a bind below a sandbox is never seen by the agent, which deletes sandboxes.
func TestNoMountIsSeenOutside(t *testing.T) {
	w := newWorld(t)
	before := table(t)
	g := start(t, w.config("data"))
	w.sh(t, g, "mount -t tmpfs none data; touch up; sleep 1000")
	w.waitFile(t, "up")
	if after := table(t); after != before {
		t.Errorf("mount table changed from\n%s\nto\n%s", before, after)
	}
}

func table(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A task must not keep another's dataset, whether the node's mounts propagate
// to it or it got a copy that would stay for ever.
func TestTaskKeepsNoOtherDataset(t *testing.T) {
	for name, propagation := range map[string]uintptr{"shared": unix.MS_SHARED, "private": unix.MS_PRIVATE} {
		t.Run(name, func(t *testing.T) {
			w := &world{sandbox: t.TempDir()}
			root, far := tmpfs(t, propagation), tmpfs(t, propagation)
			d, other, otherRoot := mountstest.NewDataset(t), mountstest.NewDataset(t), mountstest.NewDataset(t)
			d.Mount(t, root)
			points := []string{other.Mount(t, root), otherRoot.Mount(t, far)}
			var s unix.Stat_t
			if err := unix.Stat(filepath.Join(root, d.ID), &s); err != nil {
				t.Fatal(err)
			}
			g := start(t, guard.Config{
				Sandbox: w.sandbox,
				Binds:   []guard.Bind{{Source: filepath.Join(root, d.ID), Device: s.Dev, Path: "data"}},
				Roots:   []string{root},
			})
			w.sh(t, g, "cat /proc/self/mountinfo > table; touch up; sleep 1000")
			w.waitFile(t, "up")
			if text := w.file(t, "table"); strings.Contains(text, root+"/") || strings.Contains(text, far+"/") || !strings.Contains(text, "/data ") {
				t.Errorf("the task's mount table:\n%s", text)
			}
			for i, d := range []*mountstest.Dataset{other, otherRoot} {
				if err := unix.Unmount(points[i], 0); err != nil {
					t.Errorf("umount of another dataset: %v", err)
				}
				if d.InUse(t) {
					t.Errorf("the filesystem of %s is still in use somewhere", points[i])
				}
			}
		})
	}
}

// tmpfs mounts one with its own propagation, as a storage root.
func tmpfs(t *testing.T, propagation uintptr) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	if err := unix.Mount("", dir, "", propagation, ""); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestGuardKeepsThePin(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	if err := w.pin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Unmount(w.mount.Point, 0); !errors.Is(err, unix.EBUSY) {
		t.Errorf("umount while the guard lives: %v, want EBUSY", err)
	}
	if holders, err := mounts.Holders(w.mount); err != nil || len(holders) != 1 || holders[0].Pid != g.Identity().Pid {
		t.Errorf("Holders = %v, %v, want process %d", holders, err, g.Identity().Pid)
	}
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if holders, err := mounts.Holders(w.mount); err != nil || len(holders) > 0 {
		t.Errorf("Holders afterwards = %v, %v", holders, err)
	}
	if err := unix.Unmount(w.mount.Point, 0); err != nil {
		t.Errorf("umount afterwards: %v", err)
	}
}
