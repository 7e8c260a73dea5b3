package volumes_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// An engine that nobody finds gets no container to make.
func TestEngineNowhere(t *testing.T) {
	w := newWorld(t)
	must(t, os.Mkdir(mapped(w.dir), 0o755))
	w.dataset("data", here)
	h := w.hold(w.containerOptions("task-1"), vol("data"))
	b := &troubled{standIn: newStandIn(w.dir, "one", writing)}
	steps := b.steps()
	if err := h.StartContainer(t.Context(), b); err == nil || !strings.Contains(err.Error(), "container engine") || len(*steps) > 0 {
		t.Errorf("start: %v, steps %q", err, *steps)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

// One that sees only one of two datasets gets none.
func TestEngineThatSeesOne(t *testing.T) {
	for n := range 3 { // which of the two is looked for first is up to their ids
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			w := newWorld(t)
			must(t, os.Mkdir(mapped(w.dir), 0o755))
			id := w.dataset("data", here)
			eventually(t, "the dataset is mounted", func() bool {
				_, found, err := mounts.Find(id)
				return err == nil && found
			})
			w.engineElsewhere()
			w.dataset("logs", there)
			h := w.hold(w.containerOptions("task-1"), vol("data"), logs())
			err := h.StartContainer(t.Context(), newStandIn(w.dir, "one", writing))
			if err == nil || !strings.Contains(err.Error(), "start task with volume logs") || !strings.Contains(err.Error(), "does not see the dataset") {
				t.Errorf("start: %v", err)
			}
			must(t, h.Release(t.Context()))
			w.clean()
		})
	}
}

// What it sees at the place must be the dataset: all of it, and nothing else.
func TestEngineThatSeesSomethingElse(t *testing.T) {
	for name, cover := range map[string]string{
		"another filesystem": "mount -t tmpfs tmpfs $1",
		"part of it":         "mkdir $1/part; mount --bind $1/part $1",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			must(t, os.Mkdir(mapped(w.dir), 0o755))
			id := w.dataset("data", here)
			h := w.hold(w.containerOptions("task-1"), vol("data"))
			t.Setenv(childVariable, w.dir)
			t.Setenv(containerVariable, "engine")
			self, err := os.Executable()
			must(t, err)
			mountstest.Unshare(t, []string{"--propagation=private"}, "sh", "-ec", cover+"; exec "+self, "sh", w.path("root", id))
			b := &troubled{standIn: newStandIn(w.dir, "one", writing)}
			steps := b.steps()
			err = h.StartContainer(t.Context(), b)
			if err == nil || !strings.Contains(err.Error(), "it finds another filesystem there") || len(*steps) > 0 {
				t.Errorf("start: %v, steps %q", err, *steps)
			}
			must(t, h.Release(t.Context()))
			w.clean()
		})
	}
}
