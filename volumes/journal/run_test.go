package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// A run whose folder cannot be made durable is no run: nothing of it stays, no
// folder and no open file.
func TestRunThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir)
	var before unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	next, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(t, err)
	must(t, unix.Close(next))
	// One more file can be opened: the lock. The folder above it cannot.
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(next + 1), Max: before.Max}))
	_, err = j.NewRun()
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
	if !errors.Is(err, unix.EMFILE) {
		t.Errorf("new run without a file to open: %v", err)
	}
	runs, err := j.Runs()
	must(t, err)
	for _, name := range runs {
		r, err := j.TakeRun(name)
		if err != nil {
			t.Errorf("run %s is left, and locked: %v", name, err)
			continue
		}
		must(t, r.Close())
	}
	again, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(t, err)
	must(t, unix.Close(again))
	if again != next {
		t.Errorf("the next descriptor was %d and is %d: something is left open", next, again)
	}
}

// Whoever has a run's lock has that of the folder that is there: between opening
// and locking it another may have removed it, and made it anew.
func TestRunIsLockedByOne(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir)
	var owners, taken atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for taken.Load() < 1000 && !t.Failed() {
				_ = os.Mkdir(filepath.Join(dir, "runs/contended"), 0o700)
				r, err := j.TakeRun("contended")
				if errors.Is(err, journal.ErrLocked) || errors.Is(err, os.ErrNotExist) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := owners.Add(1); n != 1 {
					t.Errorf("%d have the lock of one run", n)
				}
				_, err = os.Stat(filepath.Join(dir, "runs/contended"))
				owners.Add(-1)
				if err = errors.Join(err, r.Close()); err != nil {
					t.Errorf("a locked run: %v", err)
				}
				taken.Add(1)
			}
		})
	}
	all.Wait()
}
