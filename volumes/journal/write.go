package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// temporary begins the name of what is not an entry yet.
const temporary = ".tmp-"

// Put writes e into its run and stage, over what is there. When it returns nil
// the entry survives a power cut; otherwise what was there before is unchanged,
// or e is there: both are possible only when the folder could not be synced.
func (j *Journal) Put(e Entry) error {
	if err := j.replace(e, writeSynced); err != nil {
		return err
	}
	return syncDir(j.folder(e))
}

// Promote writes e and moves it, and leaves the syncing, which takes
// milliseconds, to Sync: until then the entry survives kill -9 but not surely a
// power cut, which may leave what was there before, or a file that cannot be
// read. For what ends with the power as well, such as a guard.
func (j *Journal) Promote(e Entry, to Stage) (Entry, error) {
	if err := j.replace(e, writeUnsynced); err != nil {
		return e, err
	}
	return j.rename(e, to)
}

// Sync makes what Promote has written survive a power cut. The entry may have
// been written again or moved meanwhile, which has synced it.
func (j *Journal) Sync(e Entry) error {
	f, err := os.Open(j.path(e))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return syncDir(j.folder(e))
}

// Move takes e to another stage, as it is on disk, and returns it there. A power
// cut just afterwards may leave it in both: whoever undoes it once more does no
// harm.
func (j *Journal) Move(e Entry, to Stage) (Entry, error) {
	next, err := j.rename(e, to)
	if err != nil {
		return next, err
	}
	return next, syncDir(j.folder(next))
}

func (j *Journal) rename(e Entry, to Stage) (Entry, error) {
	next := e
	next.Stage = to
	failpoint.Hit("journal." + string(to) + ".before")
	if err := os.Rename(j.path(e), j.path(next)); err != nil {
		return e, fmt.Errorf("journal: %w", err)
	}
	failpoint.Hit("journal." + string(to) + ".after")
	return next, nil
}

func (j *Journal) folder(e Entry) string {
	return filepath.Join(j.runs(), e.Run, string(e.Stage))
}

func (j *Journal) path(e Entry) string { return filepath.Join(j.folder(e), e.file()) }

func (j *Journal) replace(e Entry, write func(*os.File, []byte) error) error {
	data, err := e.encode()
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	tmp, err := writeTemporary(j.folder(e), data, write)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	failpoint.Hit("journal.put.before")
	if err := os.Rename(tmp, j.path(e)); err != nil {
		return fmt.Errorf("journal: %w", errors.Join(err, os.Remove(tmp)))
	}
	failpoint.Hit("journal.put.after")
	return nil
}

// Remove forgets e. Repeatable.
func (j *Journal) Remove(e Entry) error {
	failpoint.Hit("journal.remove.before")
	if err := os.Remove(j.path(e)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("journal: %w", err)
	}
	failpoint.Hit("journal.remove.after")
	return syncDir(j.folder(e))
}

// writeTemporary makes a file in dir and returns its path.
func writeTemporary(dir string, data []byte, write func(*os.File, []byte) error) (string, error) {
	f, err := os.CreateTemp(dir, temporary+"*")
	if err != nil {
		return "", err
	}
	if err = errors.Join(write(f, data), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func writeUnsynced(f *os.File, data []byte) error {
	_, err := f.Write(data)
	return err
}

func writeSynced(f *os.File, data []byte) error {
	if err := writeUnsynced(f, data); err != nil {
		return err
	}
	return f.Sync()
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
