package volumes_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// inContainer holds the volume "data" and starts a container that writes to it.
func (w *world) inContainer(o volumes.Options, body *standIn) *volumes.Held {
	w.t.Helper()
	h := w.hold(o, vol("data"))
	must(w.t, h.StartContainer(w.t.Context(), body))
	return h
}

func (w *world) containerOptions(task string) volumes.Options {
	return containerOptions(w.dir, task, store{cluster: w.cluster, node: here})
}

// log is what was asked of storage system and engine.
func (w *world) log() string { return strings.Join(w.cluster.read().Log, ", ") }

// entry is what the journal says of a dataset.
func (w *world) entry(id string) journal.Entry {
	w.t.Helper()
	j, err := journal.Open(w.path("state"))
	must(w.t, err)
	scan, err := j.Of(id)
	must(w.t, err)
	if len(scan.Entries) != 1 {
		w.t.Fatalf("the journal has %d entries", len(scan.Entries))
	}
	return scan.Entries[0]
}

func TestContainer(t *testing.T) {
	w := newWorld(t)
	w.engine()
	id := w.dataset("data", there)
	body := newStandIn(w.dir, "one", writing)
	body.at = func(step string) {
		e := w.entry(id)
		if e.Container != "one" || e.Engine != engineSocket(w.dir) || (e.Stage == journal.Held) != (step == "start") {
			t.Errorf("before %s the journal says %+v", step, e)
		}
	}
	var pid int
	o := containerOptions(w.dir, "task-1", store{cluster: w.cluster, node: here, fault: func(request string) error {
		if request == "return" && has(pid, w.path("root", id)) {
			t.Error("the lease is returned while the keeper has the dataset open")
		}
		return nil
	}})
	h := w.inContainer(o, body)
	eventually(t, "the container writes to the dataset", func() bool {
		_, err := os.Stat(w.path("root", id, "log"))
		return err == nil
	})
	pid = keeper(t)
	if e := w.entry(id); e.Guard != nil || e.Mount == nil || !has(pid, w.path("root", id)) {
		t.Errorf("the journal says %+v; the keeper has the dataset open: %v", e, has(pid, w.path("root", id)))
	}
	must(t, h.Signal(unix.SIGKILL))
	if status := exited(t, h); status.Signal() != unix.SIGKILL {
		t.Errorf("it exited with %v", status)
	}
	must(t, h.Release(t.Context()))
	if want := "remove one, return " + id; !strings.HasSuffix(w.log(), want) {
		t.Errorf("requests %s, want %s at the end", w.log(), want)
	}
	ends(t, pid)
	w.clean()
}

// has says whether a process has a file open.
func has(pid int, file string) bool {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	return slices.ContainsFunc(links, func(link string) bool {
		name, err := os.Readlink(link)
		return err == nil && name == file
	})
}

// A container's bind does not keep a dataset on its node: the pin does.
func TestDatasetOrderedAwayUnderContainer(t *testing.T) {
	w := newWorld(t)
	w.engine()
	id := w.dataset("data", here)
	h := w.inContainer(w.containerOptions("task-1"), newStandIn(w.dir, "one", writing))
	w.cluster.change(func(s *state) {
		delete(s.Leases, id)
		s.Datasets[id].Primary = there
	})
	if err := unix.Unmount(w.path("root", id), 0); err != unix.EBUSY {
		t.Fatalf("umount under the container: %v", err)
	}
	notLost(t, h)
	must(t, h.Release(t.Context()))
	w.clean()
}

func TestContainerWithoutVolumes(t *testing.T) {
	w := newWorld(t)
	h, err := volumes.Hold(t.Context(), w.containerOptions("task-1"), nil, nil)
	must(t, err)
	must(t, os.Mkdir(mapped(w.dir), 0o755))
	must(t, h.StartContainer(t.Context(), newStandIn(w.dir, "one", "exit 3")))
	if status := exited(t, h); status.ExitStatus() != 3 {
		t.Errorf("it exited with %v", status)
	}
	must(t, h.Release(t.Context()))
	if w.log() != "remove one" {
		t.Errorf("requests %s", w.log())
	}
}

// A container that shows anything but the dataset is removed.
func TestContainerIsVerified(t *testing.T) {
	for name, c := range map[string]struct {
		bind     func(*volumes.BodyBind)
		readOnly bool
		want     string
	}{
		"another filesystem": {bind: func(b *volumes.BodyBind) { b.Source = "/dev/shm" }, want: "another filesystem than the dataset"},
		"no mount":           {bind: func(b *volumes.BodyBind) { b.Path += "-elsewhere" }, want: "as process"},
		"writable":           {bind: func(b *volumes.BodyBind) { b.ReadOnly = false }, readOnly: true, want: "was to be read-only"},
		"read-only":          {readOnly: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.engine()
			w.dataset("data", here)
			v := vol("data")
			v.ReadOnly = c.readOnly
			h := w.hold(w.containerOptions("task-1"), v)
			body := newStandIn(w.dir, "one", "read forever < /dev/full; while :; do :; done")
			body.bind = c.bind
			err := h.StartContainer(t.Context(), body)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(w.log(), "remove one")):
				t.Errorf("start: %v, requests %s; want %q", err, w.log(), c.want)
			}
			must(t, h.Release(t.Context()))
			w.clean()
		})
	}
}

// An engine that cannot see the dataset gets no container to make.
func TestEngineElsewhere(t *testing.T) {
	w := newWorld(t)
	must(t, os.Mkdir(mapped(w.dir), 0o755))
	w.engineElsewhere()
	w.dataset("data", there)
	h := w.hold(w.containerOptions("task-1"), vol("data"))
	err := h.StartContainer(t.Context(), newStandIn(w.dir, "one", writing))
	if err == nil || !strings.Contains(err.Error(), "does not see the dataset") || strings.Contains(w.log(), "one") {
		t.Errorf("start: %v, requests %s", err, w.log())
	}
	must(t, h.Release(context.Background()))
	w.clean()
}

// Container paths are the container's own, but for the sandbox.
func TestContainerPaths(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	for path, want := range map[string]string{
		"/nowhere/on/the/node": "",
		"data":                 "",
		mapped(w.dir):          "it would hide the sandbox",
		"/":                    "it would hide the sandbox",
	} {
		v := vol("data")
		v.Path = path
		h, err := volumes.Hold(t.Context(), w.containerOptions("task-1"), []volumes.Volume{v}, nil)
		switch {
		case want == "":
			must(t, err)
			must(t, h.Release(t.Context()))
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("path %s: %v", path, err)
		}
	}
	w.clean()
}
