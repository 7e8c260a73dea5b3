package volumes_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/guard"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		os.Exit(role(dir))
	}
	os.Exit(mountstest.Main(m))
}

// world is one node with a storage agent, and what its executors share.
type world struct {
	t       *testing.T
	dir     string
	cluster cluster
	stop    func() // the storage agent
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.cluster.dir = w.dir
	for _, dir := range []string{"root", "sandbox"} {
		must(t, os.Mkdir(filepath.Join(w.dir, dir), 0o755))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.cluster.agent(ctx, w.path("root"))
	}()
	w.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(func() {
		w.stop()
		noGoroutines(t)
	})
	return w
}

func (w *world) path(elements ...string) string {
	return filepath.Join(append([]string{w.dir}, elements...)...)
}

// dataset adds a dataset to the cluster and returns its id.
func (w *world) dataset(name, primary string) string {
	w.t.Helper()
	d := mountstest.NewDataset(w.t)
	w.t.Cleanup(w.stop) // before the loop device goes
	w.cluster.change(func(s *state) { s.Datasets[d.ID] = &dataset{Name: name, Primary: primary, Loop: d.Loop} })
	return d.ID
}

func (w *world) options(task string, fault func(string) error) volumes.Options {
	return options(w.dir, task, store{cluster: w.cluster, node: here, fault: fault})
}

func options(dir, task string, s volumes.Store) volumes.Options {
	return volumes.Options{
		StateDir: filepath.Join(dir, "state"), Store: s, Task: task, Framework: "framework-1", Sandbox: filepath.Join(dir, "sandbox"),
		Lease: time.Hour, AcquireTimeout: 10 * time.Second, ReleaseTimeout: 10 * time.Second, DefaultSize: 64 << 20,
	}
}

func vol(name string) volumes.Volume {
	return volumes.Volume{Label: "flocker.volume", Name: name, Path: "data", Create: true}
}

func shell(script string, dir string) guard.Task {
	return guard.Task{Argv: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/bin:/usr/bin"}, Dir: dir}
}

// hold is Hold that must succeed. What is still held when the test ends is
// released.
func (w *world) hold(o volumes.Options, vols ...volumes.Volume) *volumes.Held {
	w.t.Helper()
	h, err := volumes.Hold(w.t.Context(), o, vols, nil)
	must(w.t, err)
	w.t.Cleanup(func() { _ = h.Release(context.Background()) })
	return h
}

// clean checks that nothing is left: no lease of this node, no journal entry,
// no pin or copy that would keep a dataset from leaving.
func (w *world) clean() {
	w.t.Helper()
	for id, l := range w.cluster.read().Leases {
		if l.Node == here {
			w.t.Errorf("a lease of %s is left", id)
		}
	}
	for _, file := range w.journal() {
		w.t.Errorf("the journal still has %s", file)
	}
	w.cluster.change(func(s *state) {
		for _, d := range s.Datasets {
			d.Primary = there
		}
	})
	for id := range w.cluster.read().Datasets {
		eventually(w.t, "the agent unmounts "+id, func() bool {
			_, found, err := mounts.Find(id)
			return err == nil && !found
		})
	}
}

// wantPutBack: the dataset is on the other node, where it was.
func (w *world) wantPutBack(id string) {
	w.t.Helper()
	if primary := w.cluster.read().Datasets[id].Primary; primary != there {
		w.t.Errorf("dataset %s is on node %s and not put back", id, primary)
	}
}

// wantHolder: this node still has the lease.
func (w *world) wantHolder(id, node string) {
	w.t.Helper()
	if holder := w.cluster.read().Leases[id].Node; holder != node {
		w.t.Errorf("the lease of dataset %s is node %q's and no longer %s's", id, holder, node)
	}
}

// journal lists the state directory without locks.
func (w *world) journal() (files []string) {
	w.t.Helper()
	_ = filepath.WalkDir(w.path("state"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(p, ".lock") {
			files = append(files, strings.TrimPrefix(p, w.path("state")+"/"))
		}
		return err
	})
	if runs, err := os.ReadDir(w.path("state", "runs")); err == nil && len(files) == 0 {
		for _, r := range runs {
			files = append(files, "runs/"+r.Name())
		}
	}
	return files
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what nothing signals.
func eventually(t testing.TB, what string, true func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for !true() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// exited waits for the end of the task's first process.
func exited(t testing.TB, h *volumes.Held) syscall.WaitStatus {
	t.Helper()
	select {
	case status := <-h.Exited():
		return status
	case <-time.After(10 * time.Second):
		t.Fatal("the task does not end")
		return 0
	}
}

// noGoroutines checks that none of this project's is left.
func noGoroutines(t testing.TB) {
	t.Helper()
	var left []byte
	eventually(t, "no goroutine of package volumes is left", func() bool {
		buffer := make([]byte, 1<<20)
		left = nil
		for _, g := range bytes.Split(buffer[:runtime.Stack(buffer, true)], []byte("\n\n")) {
			if bytes.Contains(g, []byte("flocker-executor/volumes")) && !bytes.Contains(g, []byte("testing.")) {
				left = append(left, g...)
			}
		}
		return len(left) == 0
	})
}
