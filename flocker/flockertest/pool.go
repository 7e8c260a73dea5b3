package flockertest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	for _, d := range []string{p.unattached(), filepath.Join(dir, "attached", node)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return p, fmt.Errorf("pool: %w", err)
		}
	}
	return p, nil
}

func (p pool) unattached() string { return filepath.Join(p.dir, "unattached") }

// path is where the volume is while node has it; "" is no node.
func (p pool) path(name, node string) string {
	if node == "" {
		return filepath.Join(p.unattached(), name)
	}
	return filepath.Join(p.dir, "attached", node, name)
}

// newName is a volume's name: the dataset's id and something never used before,
// by which it is known even where paths differ.
func newName(dataset string) string {
	return dataset + "." + strings.ToLower(rand.Text()[:8])
}

// list finds all volumes with the node that has each. Whatever moves while it
// looks is found in the next round.
func (p pool) list() ([]found, error) {
	dirs := map[string]string{"": p.unattached()}
	nodes, err := os.ReadDir(filepath.Join(p.dir, "attached"))
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		dirs[n.Name()] = filepath.Join(p.dir, "attached", n.Name())
	}
	var all []found
	seen := map[string]bool{}
	for _, node := range sortedKeys(dirs) {
		entries, err := os.ReadDir(dirs[node])
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			dataset, _, ok := strings.Cut(e.Name(), ".")
			if ok && !seen[e.Name()] {
				seen[e.Name()] = true
				all = append(all, found{dataset: dataset, name: e.Name(), attached: node})
			}
		}
	}
	return all, nil
}

// take gives an unattached volume to this node.
func (p pool) take(f found) error {
	if f.attached == p.node {
		return nil
	}
	return os.Rename(p.path(f.name, ""), p.path(f.name, p.node))
}

// give makes a volume of this node unattached.
func (p pool) give(f found) error {
	return os.Rename(p.path(f.name, p.node), p.path(f.name, ""))
}
