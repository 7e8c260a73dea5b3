package guard_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func TestReadOnlyBind(t *testing.T) {
	w := newWorld(t)
	c := w.config("data")
	c.Binds[0].ReadOnly = true
	g := start(t, c)
	w.sh(t, g, "touch data/file 2> error; mount -o remount,rw,bind data 2>> error; true")
	exit(t, g)
	if text := w.file(t, "error"); !strings.Contains(text, "Read-only file system") {
		t.Errorf("writing gave %q", text)
	}
	if err := os.WriteFile(filepath.Join(w.mount.Point, "file"), nil, 0o644); err != nil {
		t.Errorf("the dataset itself became read-only: %v", err)
	}
}

func TestAbsoluteBind(t *testing.T) {
	w := newWorld(t)
	target := t.TempDir()
	g := start(t, w.config(target))
	w.sh(t, g, "touch "+target+"/file")
	if status := exit(t, g); status != 0 {
		t.Errorf("wait status %#x", status)
	}
	if _, err := os.Stat(filepath.Join(w.mount.Point, "file")); err != nil {
		t.Error(err)
	}
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(target); err != nil {
		t.Errorf("a directory that was there before: %v", err)
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	outside := t.TempDir()
	for _, err := range []error{
		os.Mkdir(filepath.Join(outside, "data"), 0o755),
		os.Symlink(outside, filepath.Join(w.sandbox, "link")),
		os.Symlink("sub", filepath.Join(w.sandbox, "inner")),
		os.Mkdir(filepath.Join(w.sandbox, "sub"), 0o755),
		os.Symlink(filepath.Join(outside, "data"), filepath.Join(w.sandbox, "sub", "leaf")),
		os.Symlink("/proc/self/root", filepath.Join(w.sandbox, "magic")),
		os.WriteFile(filepath.Join(w.sandbox, "file"), nil, 0o644),
		os.Symlink("data", filepath.Join(outside, "absolute")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := w.list(t)
	for path, want := range map[string]string{
		"link":                      "link is a symbolic link",
		"link/data":                 "link is a symbolic link",
		"inner":                     "inner is a symbolic link",
		"sub/leaf":                  "sub/leaf is a symbolic link",
		"magic":                     "magic is a symbolic link",
		"new/sub/../..":             "must not contain \"..\"",
		"../escape":                 "must not contain \"..\"",
		"file":                      "file is not a directory",
		"file/data":                 "file is not a directory",
		".":                         "the sandbox itself",
		"":                          "the sandbox itself",
		"/":                         "nothing can be bound there",
		"/proc/1":                   "nothing can be bound there",
		outside + "/missing":        outside + "/missing does not exist on the node",
		outside + "/absolute":       outside + "/absolute is a symbolic link",
		outside + "/absolute/x":     outside + "/absolute is a symbolic link",
		"made/" + longName:          "file name too long",
		w.root + "/" + w.dataset.ID: "a dataset's own mount point",
	} {
		g, err := guard.Start(deadline(t), w.config(path))
		if err == nil {
			t.Errorf("path %q was bound", path)
			_ = g.Stop(deadline(t))
		} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), w.mount.Point) {
			t.Errorf("path %q: %v, want %q and the mount point", path, err, want)
		}
	}
	if after := w.list(t); after != before {
		t.Errorf("the sandbox changed from %s to %s", before, after)
	}
	if entries, err := os.ReadDir(filepath.Join(outside, "data")); err != nil || len(entries) > 0 {
		t.Errorf("outside the sandbox: %v, %v", entries, err)
	}
}

var longName = strings.Repeat("x", 300)

func (w *world) list(t *testing.T) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(w.sandbox, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func TestDirectoriesForBindsBelongToTheSandboxsOwner(t *testing.T) {
	w := newWorld(t)
	if err := os.Chown(w.sandbox, 1234, 2345); err != nil {
		t.Fatal(err)
	}
	g := start(t, w.config("a/b"))
	w.sh(t, g, "stat -c %u:%g a > owner; touch a/mine")
	exit(t, g)
	if owner := strings.TrimSpace(w.file(t, "owner")); owner != "1234:2345" {
		t.Errorf("owner %s", owner)
	}
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(w.sandbox, "a", "mine")); err != nil {
		t.Errorf("a directory with the task's files was removed: %v", err)
	}
	if _, err := os.Stat(filepath.Join(w.sandbox, "a", "b")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty directory is still there: %v", err)
	}
}

func TestStartRefusesWhatIsNoMountOfTheDataset(t *testing.T) {
	w := newWorld(t)
	var bare unix.Stat_t
	if err := unix.Stat(w.root, &bare); err != nil {
		t.Fatal(err)
	}
	for name, bind := range map[string]guard.Bind{
		"another device":   {Source: w.mount.Point, Device: w.mount.Device + 1, Path: "data"},
		"a bare directory": {Source: w.root, Device: bare.Dev, Path: "data"},
		"nothing":          {Source: w.root + "/nothing", Device: w.mount.Device, Path: "data"},
	} {
		c := w.config("data")
		c.Binds[0] = bind
		if _, err := guard.Start(deadline(t), c); err == nil || !strings.Contains(err.Error(), "no longer mounted") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := w.list(t); got != w.sandbox {
		t.Errorf("left in the sandbox: %s", got)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	cause := errors.New("the user lost patience")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := guard.Start(ctx, newWorld(t).config("data")); !errors.Is(err, cause) {
		t.Errorf("Start = %v", err)
	}
}
