package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Journal is a state directory. It keeps nothing in memory, so it may be used
// from any goroutine and by any number of processes.
type Journal struct {
	dir string
	// Volatile says that the state directory is in memory: it survives kill -9
	// but not a power cut, after which only the leases' expiry heals.
	Volatile bool
}

// Create opens the state directory dir and makes what is missing of it. A
// directory on a network filesystem, or in a container image, is refused: file
// locks and entries there mean nothing to the node's next executor.
func Create(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	j, err := Open(dir)
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{j.runs(), j.datasets()} {
		if err := os.Mkdir(sub, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("state directory: %w", err)
		}
	}
	return j, syncDir(dir)
}

// Open opens the state directory dir and changes nothing. A missing one is
// fs.ErrNotExist.
func Open(dir string) (*Journal, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	volatile, err := checkFilesystem(dir)
	if err != nil {
		return nil, fmt.Errorf("state directory %s: %w", dir, err)
	}
	return &Journal{dir: dir, Volatile: volatile}, nil
}

func (j *Journal) runs() string               { return filepath.Join(j.dir, "runs") }
func (j *Journal) runPath(name string) string { return filepath.Join(j.runs(), name) }

func (j *Journal) datasets() string { return filepath.Join(j.dir, "datasets") }
func (j *Journal) corrupt() string  { return filepath.Join(j.dir, "corrupt") }
