package journal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// A file that cannot be read as an entry is reported and kept, whatever is in it.
func TestBrokenEntriesAreSetAside(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir)
	r := newRun(t, j)
	must(t, j.Put(entry(r.Name, idA)))
	good, err := os.ReadFile(filepath.Join(dir, "runs", r.Name, "wanted", idA+".json"))
	must(t, err)
	must(t, j.Remove(entry(r.Name, idA)))
	for name, data := range map[string][]byte{
		"empty.json":   nil,
		"half.json":    good[:len(good)/2],
		"noise":        []byte("\x00\xff"),
		"version.json": []byte(`{"version": 0}`),
		idB + ".json":  good, // names another dataset
	} {
		must(t, os.WriteFile(filepath.Join(dir, "runs", r.Name, "held", name), data, 0o600))
	}
	s, err := j.Entries(r.Name)
	must(t, err)
	if len(s.Entries) != 0 || len(s.Broken) != 5 {
		t.Fatalf("%+v", s)
	}
	for _, b := range s.Broken {
		if _, err := j.SetAside(b); err != nil {
			t.Error(err)
		}
	}
	must(t, r.Close())
	if files := tree(t, dir); len(files) != 5 || filepath.Dir(files[0]) != "corrupt" {
		t.Errorf("left: %q", files)
	}
}

func TestNewerEntryIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir)
	r := newRun(t, j)
	must(t, j.Put(entry(r.Name, idA)))
	path := filepath.Join(dir, "runs", r.Name, "wanted", idA+".json")
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, bytes.Replace(data, []byte(`"version": 1`), []byte(`"version": 2`), 1), 0o600))
	s, err := j.Of(idA)
	must(t, err)
	if len(s.Broken) != 1 || !errors.Is(s.Broken[0].Err, journal.ErrNewer) {
		t.Errorf("%+v", s)
	}
	must(t, r.Close())
	if len(tree(t, dir)) != 1 {
		t.Error("the run's folder went, with the entry")
	}
}

// mountTmpfs gives the test a filesystem of its own.
func mountTmpfs(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, options))
	t.Cleanup(func() { must(t, unix.Unmount(dir, 0)) })
	return dir
}

func TestReadOnlyStateDirectory(t *testing.T) {
	dir := mountTmpfs(t, "size=1M")
	j := create(t, dir)
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	if _, err := journal.Create(dir); err != nil {
		t.Errorf("opening what exists: %v", err)
	}
	if _, err := j.NewRun(); !errors.Is(err, unix.EROFS) {
		t.Errorf("new run: %v", err)
	}
	if _, err := journal.Create(filepath.Join(dir, "sub")); !errors.Is(err, unix.EROFS) {
		t.Errorf("create: %v", err)
	}
}

func TestFullStateDirectory(t *testing.T) {
	dir := mountTmpfs(t, "size=64k")
	j := create(t, dir)
	if !j.Volatile {
		t.Error("tmpfs is not called volatile")
	}
	r := newRun(t, j)
	must(t, j.Put(entry(r.Name, idA)))
	err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 1<<20), 0o600)
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("cannot fill it: %v", err)
	}
	if err := j.Put(entry(r.Name, idB)); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("put: %v", err)
	}
	s, err := j.Entries(r.Name)
	must(t, err)
	if len(s.Entries) != 1 || len(s.Broken) != 0 {
		t.Errorf("%+v", s)
	}
	if _, err := j.Move(s.Entries[0], journal.Releasing); err != nil {
		t.Errorf("a full disk must not stop a release: %v", err)
	}
	must(t, r.Close())
}

func TestUnfitFilesystems(t *testing.T) {
	low, up, work, merged := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	must(t, unix.Mount("overlay", merged, "overlay", 0, "lowerdir="+low+",upperdir="+up+",workdir="+work))
	t.Cleanup(func() { must(t, unix.Unmount(merged, 0)) })
	if _, err := journal.Create(filepath.Join(merged, "state")); err == nil {
		t.Error("overlay is accepted")
	}
	if _, err := journal.Open(filepath.Join(low, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("open of a missing one: %v", err)
	}
}
