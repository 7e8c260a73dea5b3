package journal_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// copyOf is the file as another process that shares it has it.
func copyOf(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	must(t, err)
	return os.NewFile(uintptr(fd), "a copy")
}

func TestInheritRun(t *testing.T) {
	j := create(t, t.TempDir())
	r := newRun(t, j)
	left, late := copyOf(t, r.File()), copyOf(t, r.File())
	must(t, r.Leave())
	if _, err := j.TakeRun(r.Name); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("the run of which a copy of the lock is left: %v", err)
	}
	heir, err := j.InheritRun(r.Name, left)
	must(t, err)
	must(t, heir.Close())
	if _, err := j.InheritRun(r.Name, late); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a run that is gone: %v", err)
	}
}

func TestInheritLock(t *testing.T) {
	j := create(t, t.TempDir())
	const id = "0679b296-1fb9-4edc-956d-53dfb1e35000"
	lock, err := j.TryLock(id, journal.Owner{Task: "task-1"})
	must(t, err)
	left, late := copyOf(t, lock.File()), copyOf(t, lock.File())
	must(t, lock.File().Close())
	heir, err := j.InheritLock(id, left, journal.Owner{Process: journal.Process{Pid: 7}})
	must(t, err)
	if who := j.Holder(id); who != (journal.Owner{Process: journal.Process{Pid: 7}}).String() {
		t.Errorf("it is locked by %s", who)
	}
	if _, err := j.TryLock(id, journal.Owner{}); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("beside the heir: %v", err)
	}
	must(t, heir.Close())
	other, err := j.TryLock(id, journal.Owner{Task: "task-2"})
	must(t, err)
	if _, err := j.InheritLock(id, late, journal.Owner{}); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("what somebody else has by now: %v", err)
	}
	must(t, other.Close())
}
