package journal

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// File is the lock's descriptor, for a process that is to share the lock.
func (r *Run) File() *os.File { return r.lock }

// InheritRun is the run of a dead executor which has shared its lock with this
// process, and takes over the file. It is fs.ErrNotExist when the executor had
// nothing left to do, and ErrLocked when somebody else has the folder.
func (j *Journal) InheritRun(name string, lock *os.File) (*Run, error) {
	r := &Run{Name: name, path: j.runPath(name), lock: lock}
	if err := inherit(lock, r.path); err != nil {
		return nil, fmt.Errorf("journal: inherit run %s: %w", name, err)
	}
	return r, nil
}

// InheritLock is the same for a dataset's lock: it is ErrLocked when the executor
// had dropped it, and somebody has taken it since.
func (j *Journal) InheritLock(dataset string, lock *os.File, owner Owner) (*Lock, error) {
	if err := inherit(lock, j.lockFile(dataset)); err != nil {
		return nil, fmt.Errorf("journal: inherit the lock of dataset %s: %w", dataset, err)
	}
	owner.sign(lock)
	return &Lock{Dataset: dataset, file: lock}, nil
}

// inherit locks a file that is open already: what shares an open file has its
// lock. It closes the file when it fails.
func inherit(lock *os.File, path string) error {
	err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err == nil {
		err = samePath(lock, path)
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	return nil
}
