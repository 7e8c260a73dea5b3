package flockertest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// pool is the directory that stands for the storage all nodes share, laid out as
// the real loopback backend does it: a volume is a file below unattached/, or
// below attached/<node> while a node has it. Renaming it is what decides which
// node gets it.
type pool struct {
	dir, node string
}

func newPool(dir, node string) (pool, error) {
	p := pool{dir, node}
	for _, d := range []string{p.unattached(), p.attached(node)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return p, fmt.Errorf("pool: %w", err)
		}
	}
	return p, nil
}

func (p pool) unattached() string          { return filepath.Join(p.dir, "unattached") }
func (p pool) attached(node string) string { return filepath.Join(p.dir, "attached", node) }

// path is where the volume is while node has it; "" is no node.
func (p pool) path(name, node string) string {
	if node == "" {
		return filepath.Join(p.unattached(), name)
	}
	return filepath.Join(p.attached(node), name)
}

// newName is a volume's name: the dataset's id and something never used before,
// by which it is known even where paths differ.
func newName(dataset string) string {
	return dataset + "." + strings.ToLower(rand.Text()[:8])
}

// locked calls f while no other agent, of any process, moves a volume; how is
// unix.LOCK_SH for those who only look.
func (p pool) locked(how int, f func() error) error {
	lock, err := os.OpenFile(filepath.Join(p.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	defer lock.Close()
	for {
		err := unix.Flock(int(lock.Fd()), how)
		if err == nil {
			return f()
		}
		if !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("pool: lock: %w", err)
		}
	}
}

// list finds all volumes, with size and the node that has each.
func (p pool) list() (all []found, err error) {
	err = p.locked(unix.LOCK_SH, func() (err error) {
		all, err = p.read()
		return err
	})
	return all, err
}

func (p pool) read() ([]found, error) {
	dirs := map[string]string{"": p.unattached()}
	nodes, err := os.ReadDir(filepath.Join(p.dir, "attached"))
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		dirs[n.Name()] = p.attached(n.Name())
	}
	var all []found
	for _, node := range sortedKeys(dirs) {
		entries, err := os.ReadDir(dirs[node])
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				return nil, err
			}
			dataset, _, _ := strings.Cut(e.Name(), ".")
			all = append(all, found{dataset: dataset, name: e.Name(), attached: node, size: info.Size()})
		}
	}
	return all, nil
}

// create makes the file of a new volume, which holds nothing yet.
func (p pool) create(name string, size int64) error {
	return p.locked(unix.LOCK_EX, func() error { return createSparse(p.path(name, ""), size) })
}

func createSparse(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// take gives an unattached volume to this node.
func (p pool) take(f found) error {
	if f.attached == p.node {
		return nil
	}
	return p.locked(unix.LOCK_EX, func() error { return os.Rename(p.path(f.name, ""), p.path(f.name, p.node)) })
}

// give makes a volume of this node unattached.
func (p pool) give(f found) error {
	return p.locked(unix.LOCK_EX, func() error { return os.Rename(p.path(f.name, p.node), p.path(f.name, "")) })
}

// remove deletes the file of an unattached volume.
func (p pool) remove(f found) error {
	return p.locked(unix.LOCK_EX, func() error { return os.Remove(p.path(f.name, "")) })
}
