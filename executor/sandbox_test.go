package executor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// groupTask is task t of a group, with a persistent volume at each of the paths.
func groupTask(sandbox string, paths ...string) *task {
	t := &task{options: Options{Environment: Environment{Sandbox: sandbox}}, spec: Spec{Sandbox: filepath.Join(sandbox, "tasks", "t")}}
	t.info.Resources = []mesos.Resource{{Name: "cpus"}, {Name: "disk", Disk: &mesos.Resource_DiskInfo{Volume: &mesos.Volume{ContainerPath: "other"}}}}
	for _, path := range paths {
		t.info.Resources = append(t.info.Resources, mesos.Resource{Name: "disk", Disk: &mesos.Resource_DiskInfo{
			Persistence: &mesos.Resource_DiskInfo_Persistence{ID: "id"},
			Volume:      &mesos.Volume{ContainerPath: path},
		}})
	}
	return t
}

// A persistent volume, which the agent mounts in the executor's sandbox, is where
// the task of a group expects it.
func TestPersistentVolumeOfAGroupsTask(t *testing.T) {
	sandbox := t.TempDir()
	for _, path := range []string{"data", "var/lib/db"} {
		if err := os.MkdirAll(filepath.Join(sandbox, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	task := groupTask(sandbox, "data", "var/lib/db")
	if err := task.makeSandbox(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"data", "var/lib/db"} {
		if err := os.WriteFile(filepath.Join(task.spec.Sandbox, path, "file"), nil, 0o600); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(sandbox, path, "file")); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(task.spec.Sandbox, "other")); err == nil {
		t.Error("a disk that is no persistent volume is there")
	}
	for _, path := range []string{"", "/data", "../data"} {
		if err := groupTask(t.TempDir(), path).makeSandbox(); err == nil || !strings.Contains(err.Error(), "persistent volume at") {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// A sandbox is not everybody's, whatever the umask; the way to it is.
func TestSandboxOfAGroupsTask(t *testing.T) {
	sandbox := t.TempDir()
	if err := os.Mkdir(filepath.Join(sandbox, "tasks"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it may be there
		if err := groupTask(sandbox).makeSandbox(); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]os.FileMode{"tasks": 0o755, "tasks/t": 0o750} {
		info, err := os.Stat(filepath.Join(sandbox, path))
		if err != nil || info.Mode() != os.ModeDir|want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	link := filepath.Join(sandbox, "tasks", "linked")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	task := groupTask(sandbox)
	task.spec.Sandbox = link
	if err := task.makeSandbox(); err == nil {
		t.Error("a link out of the sandbox is followed")
	}
}
