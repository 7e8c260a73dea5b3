package agent

import (
	"errors"
	"os"
	"path/filepath"
)

// paths knows where an agent keeps what (src/slave/paths.hpp).
type paths struct{ work, runtime string }

// newPaths makes both absolute: executors are told of them.
func newPaths(work, runtime string) (paths, error) {
	w, err := filepath.Abs(work)
	if err != nil {
		return paths{}, err
	}
	r, err := filepath.Abs(runtime)
	return paths{w, r}, err
}

func (p paths) meta() string                  { return p.work + "/meta" }
func (p paths) bootID() string                { return p.meta() + "/boot_id" }
func (p paths) latestAgent() string           { return p.meta() + "/slaves/latest" }
func (p paths) containers() string            { return p.runtime + "/containers" }
func (p paths) container(id string) string    { return p.containers() + "/" + id }
func (p paths) agentMeta(agent string) string { return p.meta() + "/slaves/" + agent }

// tree is a layout that exists twice: for sandboxes and for what is checkpointed.
type tree struct{ root string }

func (p paths) sandboxes(agent string) tree   { return tree{p.work + "/slaves/" + agent} }
func (p paths) checkpoints(agent string) tree { return tree{p.agentMeta(agent)} }
func (t tree) framework(id string) string     { return t.root + "/frameworks/" + id }
func (t tree) executor(f, id string) string   { return t.framework(f) + "/executors/" + id }
func (t tree) run(f, e, container string) string {
	return t.executor(f, e) + "/runs/" + container
}
func (t tree) latestRun(f, e string) string { return t.executor(f, e) + "/runs/latest" }

// relink makes path a symbolic link to target, whatever it was before.
func relink(target, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(target, path)
}

// writeAtomically replaces a file as a whole.
func writeAtomically(path string, data []byte, mode os.FileMode) error {
	temp := path + ".tmp"
	if err := os.WriteFile(temp, data, mode); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// touch makes an empty file, as markers are.
func touch(path string) error { return os.WriteFile(path, nil, 0o644) }
