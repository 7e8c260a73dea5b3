package mountstest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

// Dataset is an ext4 filesystem of 16 MiB on a loop device.
type Dataset struct {
	ID    string
	Image string // its file
	Loop  string // its device
}

// NewDataset makes a dataset with a random id. Its loop device is detached when
// the test ends.
func NewDataset(t testing.TB) *Dataset {
	t.Helper()
	d := &Dataset{ID: uuid.NewString()}
	d.Image = filepath.Join(t.TempDir(), d.ID+".img")
	if err := os.WriteFile(d.Image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(d.Image, 16<<20); err != nil {
		t.Fatal(err)
	}
	run(t, "mkfs.ext4", "-q", "-F", d.Image)
	d.attach(t)
	return d
}

// PowerCut is a copy of the dataset as it would be found after a power cut at
// this moment: what the filesystem has not written to its device is not there.
func (d *Dataset) PowerCut(t testing.TB) *Dataset {
	t.Helper()
	found := &Dataset{ID: uuid.NewString()}
	found.Image = filepath.Join(t.TempDir(), found.ID+".img")
	data, err := os.ReadFile(d.Image)
	if err == nil {
		err = os.WriteFile(found.Image, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	found.attach(t)
	return found
}

func (d *Dataset) attach(t testing.TB) {
	t.Helper()
	d.Loop = run(t, "losetup", "--find", "--show", d.Image)
	t.Cleanup(func() { d.detach(t) })
}

// detach fails the test when the loop device stays, because something still has
// the filesystem.
func (d *Dataset) detach(t testing.TB) {
	run(t, "losetup", "--detach", d.Loop)
	backing := filepath.Join("/sys/block", filepath.Base(d.Loop), "loop/backing_file")
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(2 * time.Second); ; {
		if file, err := os.ReadFile(backing); err != nil || strings.TrimSpace(string(file)) != d.Image {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Errorf("loop device %s is still in use", d.Loop)
			return
		}
	}
}

// Mount mounts the dataset at <root>/<id>, as a storage agent does, and returns
// the mount point. What is still mounted there when the test ends is unmounted.
func (d *Dataset) Mount(t testing.TB, root string) string {
	t.Helper()
	point := filepath.Join(root, d.ID)
	d.MountAt(t, point)
	return point
}

// MountAt mounts the dataset at any point, made if missing.
func (d *Dataset) MountAt(t testing.TB, point string) {
	t.Helper()
	if err := os.MkdirAll(point, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(d.Loop, point, "ext4", 0, ""); err != nil {
		t.Fatalf("mount %s at %s: %v", d.Loop, point, err)
	}
	t.Cleanup(func() { _ = unix.Unmount(point, unix.MNT_DETACH) })
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// InUse says whether a mounted filesystem, in whatever namespace, still has the
// dataset's device: then it cannot be opened for that filesystem alone.
func (d *Dataset) InUse(t testing.TB) bool {
	t.Helper()
	fd, err := unix.Open(d.Loop, unix.O_RDWR|unix.O_EXCL|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EBUSY) {
		return true
	}
	if err != nil {
		t.Fatalf("open %s: %v", d.Loop, err)
	}
	unix.Close(fd)
	return false
}
