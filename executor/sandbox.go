package executor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
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
	err = makeDirectory(root, path)
	if err == nil {
		err = linkPersistent(root, path, t.info.Resources)
	}
	if err := errors.Join(err, root.Close()); err != nil {
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

// linkPersistent gives a task of a group the persistent volumes among its
// resources at their paths in its own sandbox. The agent has put them into the
// executor's; the links are those that it makes itself where it cannot bind
// (launcher/default_executor.cpp, volume/sandbox_path.cpp).
func linkPersistent(root *os.Root, sandbox string, resources []mesos.Resource) error {
	for _, r := range resources {
		if r.GetDisk().GetPersistence() == nil {
			continue
		}
		path := r.GetDisk().GetVolume().GetContainerPath()
		if !filepath.IsLocal(path) {
			return fmt.Errorf("persistent volume at %q: only a path within the sandbox is allowed", path)
		}
		if err := linkInto(root, filepath.Join(sandbox, path), path); err != nil {
			return fmt.Errorf("persistent volume at %q: %w", path, err)
		}
	}
	return nil
}

// linkInto makes a link to target, both as seen from root.
func linkInto(root *os.Root, link, target string) error {
	dir := filepath.Dir(link)
	if err := root.MkdirAll(dir, tasksMode); err != nil {
		return err
	}
	up, err := filepath.Rel(dir, target)
	if err != nil {
		return err
	}
	return root.Symlink(up, link)
}
