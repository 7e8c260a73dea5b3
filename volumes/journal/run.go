package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// unborn begins the name of a run's folder that is not locked yet.
const unborn = ".new-"

// Run is one executor run's folder, locked. Its owner closes it.
type Run struct {
	Name string
	path string
	lock *os.File
}

// NewRun makes a folder for this process. The lock lives until Close, or until
// the process dies.
func (j *Journal) NewRun() (*Run, error) {
	var r *Run
	var err error
	// Recovery may take the folder for a dead one before it is locked.
	for range 5 {
		if r, err = j.newRun(); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("journal: new run: %w", err)
	}
	return r, nil
}

func (j *Journal) newRun() (_ *Run, err error) {
	r := &Run{Name: fmt.Sprintf("%s-%d-%s", time.Now().UTC().Format("20060102T150405"), os.Getpid(), rand.Text()[:8])}
	if r.path, err = os.MkdirTemp(j.runs(), unborn+"*"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.unmake())
		}
	}()
	for _, s := range Stages {
		if err := os.Mkdir(filepath.Join(r.path, string(s)), 0o700); err != nil {
			return nil, err
		}
	}
	if r.lock, err = lockPath(r.path, os.O_RDONLY); err != nil {
		return nil, err
	}
	path := j.runPath(r.Name)
	failpoint.Hit("journal.run.before")
	if err := os.Rename(r.path, path); err != nil {
		return nil, err
	}
	failpoint.Hit("journal.run.after")
	r.path = path
	return r, syncDir(j.runs())
}

// unmake is the undo of what newRun has done so far.
func (r *Run) unmake() error {
	err := removeFolders(r.path)
	if r.lock != nil {
		err = errors.Join(err, r.lock.Close())
	}
	return err
}

// TakeRun locks the folder of a run whose executor is dead. It does not wait:
// while the executor lives, or somebody else has taken the folder, it is
// ErrLocked; a folder that is gone is fs.ErrNotExist.
func (j *Journal) TakeRun(name string) (*Run, error) {
	path := j.runPath(name)
	lock, err := lockPath(path, os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("journal: take run %s: %w", name, err)
	}
	return &Run{Name: name, path: path, lock: lock}, nil
}

// Tidy removes a run's folder that has become empty after its executor died. It
// leaves one alone that somebody has locked.
func (j *Journal) Tidy(name string) error {
	r, err := j.TakeRun(name)
	if errors.Is(err, ErrLocked) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.Close()
}

// Runs lists the runs' folders, oldest first.
func (j *Journal) Runs() ([]string, error) {
	files, err := os.ReadDir(j.runs())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var names []string
	for _, f := range files {
		if f.IsDir() {
			names = append(names, f.Name())
		}
	}
	return names, nil
}

// Close drops the lock, and the folder when nothing is left in it. A folder
// with entries stays for recovery.
func (r *Run) Close() error {
	failpoint.Hit("journal.close.before")
	err := removeFolders(r.path)
	failpoint.Hit("journal.close.after")
	if err != nil {
		err = fmt.Errorf("journal: close run %s: %w", r.Name, err)
	}
	return errors.Join(err, r.lock.Close())
}

// Leave drops the lock and leaves the folder as it is.
func (r *Run) Leave() error { return r.lock.Close() }

// removeFolders removes a run's folder when it holds no entry; what was being
// written when its executor died goes with it.
func removeFolders(dir string) error {
	for _, s := range Stages {
		files, err := os.ReadDir(filepath.Join(dir, string(s)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, f := range files {
			if !strings.HasPrefix(f.Name(), temporary) {
				return nil
			}
		}
		for _, f := range files {
			if err := os.Remove(filepath.Join(dir, string(s), f.Name())); err != nil {
				return err
			}
		}
	}
	return removeEmpty(dir)
}

// removeEmpty removes the folders from the inside out and stops, without an
// error, at one that has filled in between.
func removeEmpty(dir string) error {
	for _, s := range []Stage{Wanted, Held, Releasing, ""} {
		err := os.Remove(filepath.Join(dir, string(s)))
		switch {
		case errors.Is(err, fs.ErrExist): // ENOTEMPTY
			return nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return syncDir(filepath.Dir(dir))
}
