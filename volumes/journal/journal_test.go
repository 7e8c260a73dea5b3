package journal_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

const (
	idA = "0679b296-1fb9-4edc-956d-53dfb1e35000"
	idB = "1679b296-1fb9-4edc-956d-53dfb1e35001"
)

// Some tests mount filesystems: nothing of that is seen outside.
func TestMain(m *testing.M) { os.Exit(mountstest.Main(m)) }

func create(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func newRun(t *testing.T, j *journal.Journal) *journal.Run {
	t.Helper()
	r, err := j.NewRun()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func entry(run, dataset string) journal.Entry {
	return journal.Entry{
		Run: run, Stage: journal.Wanted, Task: "web.1", Framework: "marathon", Label: "flocker.volume", Path: "data",
		Executor: journal.Process{Pid: os.Getpid(), StartTime: 42, PIDNamespace: 7},
		Record: journal.Record{
			Name: "webapp-data", Dataset: dataset, Node: "1111", Service: "control:4523", PreviousPrimary: "2222",
			LeaseSent: 5, LeaseFor: time.Minute, LeaseUntil: time.Unix(1e9, 0).UTC(), Metadata: map[string]string{"a": "b"},
		},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func tree(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(p, dir+"/"))
		}
		return err
	}))
	return files
}

func TestEntryGoesThroughItsStages(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir)
	r := newRun(t, j)
	e := entry(r.Name, idA)
	must(t, j.Put(e))
	e.Record.PreviousPrimary = ""
	e.Guard = &journal.Process{Pid: 9, StartTime: 8, PIDNamespace: 7}
	must(t, j.Put(e))
	for _, stage := range []journal.Stage{journal.Held, journal.Releasing} {
		var err error
		e, err = j.Move(e, stage)
		must(t, err)
		if diff := cmp.Diff([]string{"runs/" + r.Name + "/" + string(stage) + "/" + idA + ".json"}, tree(t, dir)); diff != "" {
			t.Error(diff)
		}
	}
	s, err := j.Of(idA)
	must(t, err)
	if len(s.Entries) != 1 || len(s.Broken) != 0 {
		t.Fatalf("%+v", s)
	}
	e.Version, e.Written = journal.Version, s.Entries[0].Written
	if diff := cmp.Diff(e, s.Entries[0]); diff != "" {
		t.Error(diff)
	}
	must(t, j.Remove(e))
	must(t, j.Remove(e))
	must(t, r.Close())
	if runs, err := j.Runs(); err != nil || len(runs) != 0 {
		t.Errorf("runs %q left, %v", runs, err)
	}
}

func TestRunIsLockedForLife(t *testing.T) {
	j := create(t, t.TempDir())
	r := newRun(t, j)
	if _, err := j.TakeRun(r.Name); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("taking a living run: %v", err)
	}
	must(t, j.Put(entry(r.Name, idA)))
	must(t, r.Close())
	taken, err := j.TakeRun(r.Name)
	must(t, err)
	if _, err := j.TakeRun(r.Name); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("taking a taken run: %v", err)
	}
	must(t, j.Remove(entry(r.Name, idA)))
	must(t, taken.Close())
	if _, err := j.TakeRun(r.Name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("taking a run that is gone: %v", err)
	}
}

func TestHalfMadeRunIsCleared(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir)
	must(t, os.MkdirAll(filepath.Join(dir, "runs/.new-1/wanted"), 0o700))
	must(t, os.MkdirAll(filepath.Join(dir, "runs/dead/held"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "runs/dead/held/.tmp-1"), []byte("{"), 0o600))
	runs, err := j.Runs()
	must(t, err)
	for _, name := range runs {
		r, err := j.TakeRun(name)
		must(t, err)
		must(t, r.Close())
	}
	if runs, err := j.Runs(); err != nil || len(runs) != 0 {
		t.Errorf("runs %q left, %v", runs, err)
	}
}

func TestDatasetLock(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir)
	l, err := j.Lock(t.Context(), idA, owner("first"), nil)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var busy []string
	_, err = j.Lock(ctx, idA, owner("second"), func(s string) { busy = append(busy, s) })
	if !errors.Is(err, journal.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) ||
		!strings.Contains(err.Error(), "task first of framework marathon") {
		t.Errorf("lock of a locked dataset: %v", err)
	}
	if len(busy) != 1 || !strings.Contains(busy[0], "task first") {
		t.Errorf("busy was told %q", busy)
	}
	other, err := j.TryLock(idB, owner("first"))
	must(t, err)
	must(t, other.Close())
	must(t, l.Close())
	l, err = j.Lock(t.Context(), idA, owner("first"), nil)
	must(t, err)
	flags, err := unix.FcntlInt(l.File().Fd(), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("the lock would reach the task: flags %x, %v", flags, err)
	}
	must(t, l.Close())
	if _, err := os.Stat(filepath.Join(dir, "datasets", idA+".lock")); err != nil {
		t.Errorf("the lock's file must stay: %v", err)
	}
}

func TestLockRefusesWhatIsNoDataset(t *testing.T) {
	j := create(t, t.TempDir())
	for _, id := range []string{"", "..", "../x", strings.ToUpper(idA)} {
		if _, err := j.TryLock(id, owner("first")); err == nil || errors.Is(err, journal.ErrLocked) {
			t.Errorf("%q: %v", id, err)
		}
		if err := j.Put(entry("run", id)); err == nil {
			t.Errorf("%q: an entry is written", id)
		}
	}
}
