package volumes_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// sibling is what one task of a group holds, with a sandbox of its own.
func (w *world) sibling(task string, vols ...volumes.Volume) *volumes.Held {
	w.t.Helper()
	o := w.options(task, nil)
	o.Sandbox = w.path("sandbox", task)
	must(w.t, os.Mkdir(o.Sandbox, 0o755))
	h := w.hold(o, vols...)
	must(w.t, h.Start(w.t.Context(), shell(`echo `+task+` > data/who; while :; do echo x >> data/log; done`, o.Sandbox)))
	return h
}

// Tasks of one executor hold side by side, each with a run, locks and a guard of
// its own. A recovery beside them takes nothing of theirs, and the end of one is
// not the other's.
func TestSiblings(t *testing.T) {
	w := newWorld(t)
	first, second := w.dataset("first", there), w.dataset("second", there)
	a, b := w.sibling("task-a", vol("first")), w.sibling("task-b", vol("second"))
	if files := w.journal(); len(files) != 2 || strings.Split(files[0], "/")[1] == strings.Split(files[1], "/")[1] {
		t.Errorf("the journal has %q, want two runs", files)
	}
	if r := w.recover(false); len(r.Findings) != 0 || r.Alive != 2 {
		t.Errorf("recovery beside them: %s", r)
	}
	must(t, a.Release(t.Context()))
	if l := w.cluster.read().Leases; l[first].Node != "" || l[second].Node != here {
		t.Errorf("after the end of one the leases are %v", l)
	}
	notLost(t, b)
	before := size(w.path("root", second, "log"))
	eventually(t, "the other task goes on", func() bool { return size(w.path("root", second, "log")) > before })
	if r := w.recover(false); len(r.Findings) != 0 || r.Alive != 1 {
		t.Errorf("recovery beside the other: %s", r)
	}
	must(t, b.Release(t.Context()))
	for id, who := range map[string]string{first: "task-a\n", second: "task-b\n"} {
		if data, err := os.ReadFile(w.path("root", id, "who")); string(data) != who {
			t.Errorf("dataset of %q has %q, %v", who, data, err)
		}
	}
	w.clean()
}

// A dataset that another task of the same executor holds is not waited for.
func TestSiblingsDataset(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	w.sibling("task-a", vol("data"))
	_, err := volumes.Hold(t.Context(), w.options("task-b", nil), []volumes.Volume{vol("data")}, func(p volumes.Progress) {
		t.Errorf("it waits: %s", p)
	})
	if !errors.Is(err, journal.ErrLocked) || !strings.Contains(err.Error(), "task task-a of framework framework-1") {
		t.Errorf("hold: %v", err)
	}
}

func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}
