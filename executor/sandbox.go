package executor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// sandboxMode is what the agent gives a task's directory in the sandbox of an
// executor.
const sandboxMode = 0o755

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
	if err := errors.Join(root.MkdirAll(path, sandboxMode), root.Close()); err != nil {
		return fmt.Errorf("make sandbox %s: %w", t.spec.Sandbox, err)
	}
	return nil
}
