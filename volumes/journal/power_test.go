package journal_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// found is what the journal on d has of idA after a power cut now: stage and
// task of each entry, and "broken".
func found(t *testing.T, d *mountstest.Dataset) (entries []string) {
	t.Helper()
	point := filepath.Join(t.TempDir(), "found")
	d.PowerCut(t).MountAt(t, point)
	j, err := journal.Open(filepath.Join(point, "state"))
	must(t, err)
	scan, err := j.Of(idA)
	must(t, err)
	for _, e := range scan.Entries {
		entries = append(entries, string(e.Stage)+" "+e.Task)
	}
	for range scan.Broken {
		entries = append(entries, "broken")
	}
	return entries
}

// What the journal has said to be written is there after a power cut, whole.
func TestPowerCut(t *testing.T) {
	d := mountstest.NewDataset(t)
	point := filepath.Join(t.TempDir(), "disk")
	d.MountAt(t, point)
	// ext4 would write out by itself what is renamed over another file.
	must(t, unix.Mount("", point, "", unix.MS_REMOUNT, "noauto_da_alloc"))
	j := create(t, filepath.Join(point, "state"))
	r := newRun(t, j)
	after := filepath.Join(t.TempDir(), "after")
	d.PowerCut(t).MountAt(t, after)
	if _, err := os.Stat(filepath.Join(after, "state/runs", r.Name)); err != nil {
		t.Errorf("a power cut after a new run: %v", err)
	}
	e := entry(r.Name, idA)
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"put", func() error { return j.Put(e) }, []string{"wanted web.1"}},
		{"put over it", func() error { e.Task = "web.2"; return j.Put(e) }, []string{"wanted web.2"}},
		{"promote and sync", func() (err error) {
			e.Task = "web.3"
			if e, err = j.Promote(e, journal.Held); err != nil {
				return err
			}
			return j.Sync(e)
		}, []string{"held web.3"}},
		{"move", func() (err error) { e, err = j.Move(e, journal.Releasing); return err }, []string{"releasing web.3"}},
		{"remove", func() error { return j.Remove(e) }, nil},
	} {
		must(t, step.do())
		if got := found(t, d); !slices.Equal(got, step.want) {
			t.Errorf("a power cut after %s leaves %q, want %q", step.name, got, step.want)
		}
	}
	must(t, r.Close())
}
