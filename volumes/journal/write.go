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
	data, err := e.encode()
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	dir := filepath.Join(j.runs(), e.Run, string(e.Stage))
	tmp, err := writeTemporary(dir, data)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	failpoint.Hit("journal.put.before")
	if err := os.Rename(tmp, filepath.Join(dir, e.file())); err != nil {
		return fmt.Errorf("journal: %w", errors.Join(err, os.Remove(tmp)))
	}
	failpoint.Hit("journal.put.after")
	return syncDir(dir)
}

// Move takes e to another stage, as it is on disk, and returns it there.
func (j *Journal) Move(e Entry, to Stage) (Entry, error) {
	from := filepath.Join(j.runs(), e.Run, string(e.Stage))
	next := filepath.Join(j.runs(), e.Run, string(to))
	failpoint.Hit("journal." + string(to) + ".before")
	if err := os.Rename(filepath.Join(from, e.file()), filepath.Join(next, e.file())); err != nil {
		return e, fmt.Errorf("journal: %w", err)
	}
	failpoint.Hit("journal." + string(to) + ".after")
	e.Stage = to
	return e, errors.Join(syncDir(next), syncDir(from))
}

// Remove forgets e. Repeatable.
func (j *Journal) Remove(e Entry) error {
	dir := filepath.Join(j.runs(), e.Run, string(e.Stage))
	failpoint.Hit("journal.remove.before")
	if err := os.Remove(filepath.Join(dir, e.file())); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("journal: %w", err)
	}
	failpoint.Hit("journal.remove.after")
	return syncDir(dir)
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
