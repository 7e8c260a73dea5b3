package mounts_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

func TestFindTakesNoDirectoryForAMount(t *testing.T) {
	d := mountstest.NewDataset(t)
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, d.ID), 0o755); err != nil {
		t.Fatal(err)
	}
	if m, found, err := mounts.Find(d.ID); found || err != nil {
		t.Errorf("Find of a bare directory = %+v, %v, %v", m, found, err)
	}
	point := d.Mount(t, root)
	m, found, err := mounts.Find(d.ID)
	if err != nil || !found {
		t.Fatalf("Find = %v, %v", found, err)
	}
	var s unix.Stat_t
	if err := unix.Stat(point, &s); err != nil {
		t.Fatal(err)
	}
	if m.Point != point || m.Root != root || m.Device != s.Dev || m.Subtree != "/" || m.ID == 0 {
		t.Errorf("Find = %+v; mounted at %s, device %d", m, point, s.Dev)
	}
}

func TestFindRefusesAnEmptyID(t *testing.T) {
	if _, _, err := mounts.Find(""); err == nil {
		t.Error("Find of an empty id succeeded")
	}
}

func TestFindRefusesASecondMount(t *testing.T) {
	for name, second := range map[string]func(d *mountstest.Dataset, point string) string{
		"of the device":         func(*mountstest.Dataset, string) string { return "elsewhere" },
		"of that name":          func(d *mountstest.Dataset, _ string) string { return "pre-" + d.ID },
		"on top":                func(_ *mountstest.Dataset, point string) string { return point },
		"of a directory inside": func(*mountstest.Dataset, string) string { return "inside" },
	} {
		t.Run(name, func(t *testing.T) {
			d, m := mounted(t)
			target := second(d, m.Point)
			if !filepath.IsAbs(target) {
				target = filepath.Join(t.TempDir(), target)
			}
			switch {
			case filepath.Base(target) == "inside":
				bind(t, filepath.Join(m.Point, "sub"), target)
			case target == m.Point:
				bind(t, t.TempDir(), target)
			default:
				d.MountAt(t, target)
			}
			if _, _, err := mounts.Find(d.ID); err == nil || !strings.Contains(err.Error(), "mounted twice") {
				t.Errorf("Find = %v", err)
			}
		})
	}
}

// bind binds a directory, made if missing.
func bind(t *testing.T, source, target string) {
	t.Helper()
	for _, dir := range []string{source, target} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(target, unix.MNT_DETACH) })
}

func TestFindAcceptsADirectoryBackend(t *testing.T) {
	id := uuid.NewString()
	backing := filepath.Join(t.TempDir(), id+".x7f3a")
	bind(t, backing, filepath.Join(t.TempDir(), id))
	m, found, err := mounts.Find(id)
	if err != nil || !found || filepath.Base(m.Subtree) != id+".x7f3a" {
		t.Errorf("Find = %+v, %v, %v", m, found, err)
	}
	pin, err := mounts.Pin(m)
	if err != nil {
		t.Fatal(err)
	}
	defer pin.Close()
	if err := unix.Unmount(m.Point, 0); !errors.Is(err, unix.EBUSY) {
		t.Errorf("umount of a pinned bind: %v, want EBUSY", err)
	}
	if holders, err := mounts.Holders(m); err != nil || len(holders) > 0 {
		t.Errorf("Holders = %v, %v", holders, err)
	}
}

func TestFindRefusesAPartOfADataset(t *testing.T) {
	id := uuid.NewString()
	bind(t, filepath.Join(t.TempDir(), "part"), filepath.Join(t.TempDir(), id))
	if _, _, err := mounts.Find(id); err == nil || !strings.Contains(err.Error(), "only the directory") {
		t.Errorf("Find = %v", err)
	}
}

// An agent that is killed while its executor waits for a dataset.
func TestFindBelowADyingProcess(t *testing.T) {
	d, _ := mounted(t)
	if got := inSpace(t, []string{"--propagation=unchanged"}, "dying", d.ID).Line(); got != "found" {
		t.Errorf("%s, want found", got)
	}
}

// What each kind of namespace gets to see; see the table in the package comment.
func TestFindInOtherNamespaces(t *testing.T) {
	d, _ := mounted(t)
	ownPID := []string{"--pid", "--fork", "--mount-proc"}
	for _, c := range []struct {
		name, want string
		flags      []string
	}{
		{"slave", "found", slave},
		{"slave, own PID namespace", "found", append(ownPID, slave...)},
		{"peer", "found", []string{"--propagation=unchanged"}},
		{"private", "is private, and this process is not in the mount namespace of process", []string{"--propagation=private"}},
		{"private, own PID namespace", "is private, and this process is in a PID namespace of its own", append(ownPID, "--propagation=private")},
		{"shared with nobody", "shares nothing with the mount namespace of process", []string{"--propagation=shared"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := c.flags
			if c.name == "shared with nobody" {
				flags = []string{"--propagation=private", "unshare", "--mount", "--propagation=shared"}
			}
			if got := inSpace(t, flags, "find", d.ID).Line(); !strings.Contains(got, c.want) {
				t.Errorf("%s, want %q", got, c.want)
			}
		})
	}
}
