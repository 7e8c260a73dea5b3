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
	if err := j.replace(e); err != nil {
		return err
	}
	return syncDir(j.folder(e))
}

// Promote writes e as Put does and then moves it, with one sync less than both.
func (j *Journal) Promote(e Entry, to Stage) (Entry, error) {
	if err := j.replace(e); err != nil {
		return e, err
	}
	return j.Move(e, to)
}

// Move takes e to another stage, as it is on disk, and returns it there. A power
// cut just afterwards may leave it in both: whoever undoes it once more does no
// harm.
func (j *Journal) Move(e Entry, to Stage) (Entry, error) {
	next := e
	next.Stage = to
	failpoint.Hit("journal." + string(to) + ".before")
	if err := os.Rename(j.path(e), j.path(next)); err != nil {
		return e, fmt.Errorf("journal: %w", err)
	}
	failpoint.Hit("journal." + string(to) + ".after")
	return next, syncDir(j.folder(next))
}

func (j *Journal) folder(e Entry) string {
	return filepath.Join(j.runs(), e.Run, string(e.Stage))
}

func (j *Journal) path(e Entry) string { return filepath.Join(j.folder(e), e.file()) }

func (j *Journal) replace(e Entry) error {
	data, err := e.encode()
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	tmp, err := writeTemporary(j.folder(e), data)
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

// writeTemporary makes a synced file in dir and returns its path.
func writeTemporary(dir string, data []byte) (string, error) {
	f, err := os.CreateTemp(dir, temporary+"*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
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
