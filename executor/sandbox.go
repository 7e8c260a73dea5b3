package executor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// What the agent gives a sandbox, which is not everybody's to look into
// (slave/paths.cpp, createSandboxDirectory; recorded: directories), and the
// folder that the sandboxes of a group are in.
const (
	sandboxMode = 0o750
	tasksMode   = 0o755
)

// makeSandbox makes the folder of a task of a group in the executor's sandbox.
// It stays: it is the user's log. Links that the fetcher has brought along lead
// nowhere.
func (t *task) makeSandbox() error {
	all := t.options.Environment.Sandbox
	if t.spec.Sandbox == "" || t.spec.Sandbox == all {
		return nil
	}
	path, err := filepath.Rel(all, t.spec.Sandbox)
	if err != nil {
		return fmt.Errorf("make sandbox %s: %w", t.spec.Sandbox, err)
	}
	root, err := os.OpenRoot(all)
	if err != nil {
		return fmt.Errorf("make sandbox %s: %w", t.spec.Sandbox, err)
	}
	if err := errors.Join(makeDirectory(root, path), root.Close()); err != nil {
		return fmt.Errorf("make sandbox %s: %w", t.spec.Sandbox, err)
	}
	return nil
}

// makeDirectory makes a sandbox and the way to it, whatever the umask.
func makeDirectory(root *os.Root, path string) error {
	if err := root.MkdirAll(filepath.Dir(path), tasksMode); err != nil {
		return err
	}
	if err := root.MkdirAll(path, sandboxMode); err != nil {
		return err
	}
	return errors.Join(root.Chmod(filepath.Dir(path), tasksMode), root.Chmod(path, sandboxMode))
}
