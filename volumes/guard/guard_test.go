package guard_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

func TestMain(m *testing.M) { os.Exit(mountstest.Main(m)) }

// world is a sandbox and a storage root with one pinned dataset.
type world struct {
	sandbox, root string
	dataset       *mountstest.Dataset
	mount         mounts.Mount
	pin           *os.File
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{sandbox: t.TempDir(), root: t.TempDir(), dataset: mountstest.NewDataset(t)}
	w.dataset.Mount(t, w.root)
	m, found, err := mounts.Find(w.dataset.ID)
	if err != nil || !found {
		t.Fatalf("Find = %v, %v, %v", m, found, err)
	}
	if w.pin, err = mounts.Pin(m); err != nil {
		t.Fatal(err)
	}
	w.mount = m
	t.Cleanup(func() { _ = w.pin.Close() })
	return w
}

func (w *world) config(path string) guard.Config {
	return guard.Config{
		Sandbox: w.sandbox,
		Binds:   []guard.Bind{{Source: w.mount.Point, Device: w.mount.Device, Path: path}},
		Roots:   []string{w.mount.Root},
		Keep:    []*os.File{w.pin},
	}
}

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func start(t testing.TB, c guard.Config) *guard.Guard {
	t.Helper()
	g, err := guard.Start(deadline(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Stop(deadline(t)); err != nil {
			t.Error(err)
		}
	})
	return g
}

// sh runs a shell script as the task.
func (w *world) sh(t testing.TB, g *guard.Guard, script string) {
	t.Helper()
	task := guard.Task{Argv: []string{"sh", "-c", script}, Env: []string{"PATH=" + os.Getenv("PATH")}, Dir: w.sandbox}
	if err := g.Run(deadline(t), task); err != nil {
		t.Fatal(err)
	}
}

func exit(t testing.TB, g *guard.Guard) syscall.WaitStatus {
	t.Helper()
	select {
	case status, ok := <-g.Exited():
		if !ok {
			t.Fatal("the guard died")
		}
		return status
	case <-time.After(10 * time.Second):
		t.Fatal("the task did not end")
	}
	return 0
}

func (w *world) file(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.sandbox, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTaskWritesIntoTheDataset(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("a/data"))
	w.sh(t, g, "echo hello > a/data/file; echo $$ > pid; exit 3")
	if status := exit(t, g); status.ExitStatus() != 3 {
		t.Errorf("exit status %d, want 3", status.ExitStatus())
	}
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(w.mount.Point, "file"))
	if err != nil || string(data) != "hello\n" {
		t.Errorf("on the dataset: %q, %v", data, err)
	}
	if pid := w.file(t, "pid"); pid == "1\n" {
		t.Errorf("the task is process %q", pid)
	}
	if _, err := os.Stat(filepath.Join(w.sandbox, "a")); !os.IsNotExist(err) {
		t.Errorf("the directories made for the bind are still there: %v", err)
	}
}
