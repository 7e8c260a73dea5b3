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
	// Clean-ups use it too, when the test's own context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func start(t testing.TB, c guard.Config) *guard.Guard {
	t.Helper()
	g, err := guard.Start(deadline(t), c)
	if err != nil {
		t.Fatal(err)
	}
	stopInTheEnd(t, g)
	return g
}

func stopInTheEnd(t testing.TB, g *guard.Guard) {
	t.Cleanup(func() {
		if err := g.Stop(deadline(t)); err != nil {
			t.Error(err)
		}
	})
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

// file reads a file that the task wrote into its sandbox.
func (w *world) file(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.sandbox, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// touch makes an empty file in the sandbox.
func (w *world) touch(t testing.TB, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.sandbox, name), nil, 0o644); err != nil {
		t.Fatal(err)
	}
}
