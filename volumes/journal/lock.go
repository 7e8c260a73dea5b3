package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// ErrLocked says that somebody alive has the lock.
var ErrLocked = errors.New("locked")

// Lock is one dataset's lock on this node.
type Lock struct {
	Dataset string
	file    *os.File
}

// TryLock takes the dataset's lock for owner, or is ErrLocked at once.
func (j *Journal) TryLock(dataset string, owner Owner) (*Lock, error) {
	if !datasetID.MatchString(dataset) {
		return nil, fmt.Errorf("journal: lock dataset %q: not a lower-case UUID", dataset)
	}
	file, err := lockPath(j.lockFile(dataset), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("journal: lock dataset %s: %w", dataset, err)
	}
	owner.sign(file)
	return &Lock{Dataset: dataset, file: file}, nil
}

func (j *Journal) lockFile(dataset string) string {
	return filepath.Join(j.datasets(), dataset+".lock")
}

// EverLocked says whether the dataset's lock was ever made: it stays for good.
func (j *Journal) EverLocked(dataset string) (bool, error) {
	_, err := os.Lstat(j.lockFile(dataset))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("journal: %w", err)
	}
	return true, nil
}

// Lock takes the dataset's lock for owner, and waits for it until ctx ends. Then
// the error is ErrLocked and names who has it. busy, if not nil, is told who
// that is, once, as soon as there is somebody to wait for. A task does not wait
// for another one of its own process, which may be waiting for it: that is an
// error at once. The lock is tried again and again, because a blocking try could
// not be cancelled.
func (j *Journal) Lock(ctx context.Context, dataset string, owner Owner, busy func(holder string)) (*Lock, error) {
	failpoint.Hit("lock.before")
	for {
		l, err := j.TryLock(dataset, owner)
		if err == nil {
			failpoint.Hit("lock.after")
			return l, nil
		}
		if !errors.Is(err, ErrLocked) {
			return nil, err
		}
		holder := j.owner(dataset)
		if holder.sibling(owner) {
			return nil, fmt.Errorf("%w by %s: it is another task of this very executor, and is not waited for", err, holder)
		}
		if busy != nil {
			busy(holder.String())
			busy = nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w by %s: %w", err, holder, context.Cause(ctx))
		case <-time.After(50*time.Millisecond + rand.N(100*time.Millisecond)):
		}
	}
}

// File is the lock's descriptor, for a process that is to share the lock.
func (l *Lock) File() *os.File { return l.file }

// Close drops the lock for every process that shares it. Without a lock it does
// nothing.
func (l *Lock) Close() error {
	if l == nil {
		return nil
	}
	failpoint.Hit("unlock.before")
	err := errors.Join(l.file.Truncate(0), unix.Flock(int(l.file.Fd()), unix.LOCK_UN), l.file.Close())
	failpoint.Hit("unlock.after")
	if err != nil {
		return fmt.Errorf("journal: unlock dataset %s: %w", l.Dataset, err)
	}
	return nil
}

// lockPath opens path and locks what is there, without waiting. The descriptor
// is close-on-exec. Somebody may have removed or replaced path between the two
// steps; then it is fs.ErrNotExist or ErrLocked.
func lockPath(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = samePath(f, path)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func samePath(f *os.File, path string) error {
	opened, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(path)
	if err == nil && !os.SameFile(opened, named) {
		err = ErrLocked
	}
	return err
}
