package volumes_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

func TestNoVolumesTouchNothing(t *testing.T) {
	w := newWorld(t)
	h := w.hold(volumes.Options{Sandbox: w.path("sandbox"), StateDir: w.path("state")})
	must(t, h.Start(t.Context(), shell("exit 3", w.path("sandbox"))))
	if status := exited(t, h); status.ExitStatus() != 3 {
		t.Errorf("exit status %d", status.ExitStatus())
	}
	must(t, h.Release(t.Context()))
	if _, err := os.Stat(w.path("state")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state directory is there: %v", err)
	}
}

func TestTaskWritesAndDatasetGoesBack(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	var said []string
	o := w.options("task-1", nil)
	h, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data")}, func(p volumes.Progress) { said = append(said, p.String()) })
	must(t, err)
	must(t, h.Start(t.Context(), shell("echo hello > data/file; exit 7", o.Sandbox)))
	if files := w.journal(); len(files) != 1 || !strings.Contains(files[0], "/held/"+id+".json") {
		t.Errorf("while the task runs the journal has %q", files)
	}
	if status := exited(t, h); status.ExitStatus() != 7 {
		t.Errorf("exit status %d", status.ExitStatus())
	}
	must(t, h.Release(t.Context()))
	must(t, h.Release(t.Context()))
	if data, err := os.ReadFile(w.path("root", id, "file")); string(data) != "hello\n" {
		t.Errorf("on the dataset: %q, %v", data, err)
	}
	s := w.cluster.read()
	if s.Datasets[id].Primary != here {
		t.Error("a dataset that was held must stay on this node")
	}
	if want := []string{"lease " + id, "primary " + id + " " + here, "return " + id}; strings.Join(s.Log, ",") != strings.Join(want, ",") {
		t.Errorf("requests %q, want %q", s.Log, want)
	}
	w.clean()
}

// A task that was killed before it came to run has not used the dataset.
func TestReleaseWithoutStart(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	h := w.hold(w.options("task-1", nil), vol("data"))
	must(t, h.Release(t.Context()))
	w.wantPutBack(id)
	w.clean()
}

// Whatever two tasks call the same datasets, they take them in one order.
func TestOrderIsThatOfTheDatasets(t *testing.T) {
	w := newWorld(t)
	byName := map[string]string{w.dataset("x", here): "x", w.dataset("y", here): "y"}
	ids := slices.Sorted(maps.Keys(byName))
	one := func(name, id string) volumes.Volume {
		return volumes.Volume{Label: "flocker.volume." + name, Name: name, Dataset: id, Path: name}
	}
	for task, vols := range map[string][]volumes.Volume{
		"by id":         {one("a", ids[0]), one("b", ids[1])},
		"by id, turned": {one("b", ids[0]), one("a", ids[1])},
		"by name":       {one("y", ""), one("x", "")},
		"by both":       {one("z", ids[0]), one(byName[ids[1]], "")},
		"by both, too":  {one("a", ids[1]), one(byName[ids[0]], "")},
	} {
		before := len(w.cluster.read().Log)
		h := w.hold(w.options(task, nil), vols...)
		if log := w.cluster.read().Log[before:]; len(log) != 2 || log[0] != "lease "+ids[0] || log[1] != "lease "+ids[1] {
			t.Errorf("%s: requests %q", task, log)
		}
		must(t, h.Release(t.Context()))
	}
	w.clean()
}

func TestReadOnly(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	o := w.options("task-1", nil)
	v := vol("data")
	v.ReadOnly = true
	h := w.hold(o, v)
	must(t, h.Start(t.Context(), shell("echo no > data/file && exit 1; exit 0", o.Sandbox)))
	if status := exited(t, h); status.ExitStatus() != 0 {
		t.Error("the task could write")
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

func TestAbandonedAcquire(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	w.cluster.change(func(s *state) { s.Datasets[id].Broken = true })
	ctx, cancel := context.WithCancelCause(t.Context())
	killed := errors.New("killed by the framework")
	go func() {
		eventually(t, "the dataset is ordered here", func() bool { return w.cluster.read().Datasets[id].Primary == here })
		cancel(killed)
	}()
	_, err := volumes.Hold(ctx, w.options("task-1", nil), []volumes.Volume{vol("data")}, nil)
	if !errors.Is(err, killed) {
		t.Errorf("hold: %v", err)
	}
	w.wantPutBack(id)
	w.clean()
}

func TestLeasedByAnotherNode(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	w.cluster.change(func(s *state) { s.Leases[id] = lease{there, time.Now().Add(time.Hour)} })
	o := w.options("task-1", nil)
	v := vol("data")
	v.Timeout = 200 * time.Millisecond
	_, err := volumes.Hold(t.Context(), o, []volumes.Volume{v}, nil)
	if !errors.Is(err, volumes.ErrHeld) || strings.Count(err.Error(), there) != 1 || strings.Contains(err.Error(), "last seen") {
		t.Errorf("hold must say once who has it: %v", err)
	}
	w.wantHolder(id, there)
	w.clean()
}

func TestSecondTaskOfTheNodeWaits(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	w.executor()
	eventually(t, "the first task runs", w.started)
	o := w.options("second", nil)
	o.AcquireTimeout = 200 * time.Millisecond
	_, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data")}, nil)
	if err == nil || !strings.Contains(err.Error(), "task child of framework framework-1") || !strings.Contains(err.Error(), "(label flocker.volume, after ") {
		t.Errorf("the error must name the holder: %v", err)
	}
	o.AcquireTimeout = 10 * time.Second
	h, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data")}, func(p volumes.Progress) {
		if strings.Contains(p.State, "used by task child") {
			check(os.WriteFile(w.path("sandbox", "go"), nil, 0o600))
		}
	})
	must(t, err)
	must(t, h.Release(t.Context()))
	w.clean()
}

func TestOneDatasetByTwoNames(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	alias := volumes.Volume{Label: "flocker.volume.b", Name: "alias", Path: "b", Dataset: id}
	_, err := volumes.Hold(t.Context(), w.options("task-1", nil), []volumes.Volume{vol("data"), alias}, nil)
	if !errors.Is(err, volumes.ErrRefused) {
		t.Errorf("hold: %v", err)
	}
	w.clean()
}
