package volumes_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// troubled is a container whose engine fails at a step, if the hook is not nil: in
// Create before anything is done, in Start after all is.
type troubled struct {
	*standIn
	create func() error
	start  func(pid int) error
}

func (b *troubled) Create(ctx context.Context, binds []volumes.BodyBind) error {
	if b.create != nil {
		if err := b.create(); err != nil {
			return err
		}
	}
	return b.standIn.Create(ctx, binds)
}

func (b *troubled) Start(ctx context.Context) (int, error) {
	pid, err := b.standIn.Start(ctx)
	if err == nil && b.start != nil {
		err = b.start(pid)
	}
	return pid, err
}

// steps writes down what the engine is asked for.
func (b *troubled) steps() *[]string {
	var steps []string
	b.at = func(step string) { steps = append(steps, step) }
	return &steps
}

// oneDataset is a world with an engine and a dataset that is on this node.
func oneDataset(t *testing.T) (w *world, id string) {
	t.Helper()
	w = newWorld(t)
	w.engine()
	return w, w.dataset("data", here)
}

var errEngine = errors.New("no space left on device")

// A container that the engine has not removed may write: the lease stays, and the
// pin, and the keeper.
func TestReleaseWithoutEngine(t *testing.T) {
	w := newWorld(t)
	w.engine()
	id := w.dataset("data", there)
	h := w.inContainer(w.containerOptions("task-1"), newStandIn(w.dir, "one", writing))
	pid := keeper(t)
	must(t, os.WriteFile(w.path("away"), nil, 0o600))
	for range 2 {
		if err := h.Release(t.Context()); err == nil || !strings.Contains(err.Error(), "the engine is away; still held: data") {
			t.Errorf("release: %v", err)
		}
		w.wantHolder(id, here)
		if !h.Pinned() || !has(pid, w.path("root", id)) || strings.Contains(w.log(), "return") {
			t.Errorf("pinned %v, kept %v, requests %s", h.Pinned(), has(pid, w.path("root", id)), w.log())
		}
	}
	must(t, os.Remove(w.path("away")))
	must(t, h.Release(t.Context()))
	if want := "remove one, return " + id; !strings.HasSuffix(w.log(), want) {
		t.Errorf("requests %s, want %s at the end", w.log(), want)
	}
	ends(t, pid)
	w.clean()
}

// Whatever of a start fails, nothing of the container is left.
func TestContainerStartFails(t *testing.T) {
	for name, c := range map[string]struct {
		trouble func(w *world, o *volumes.Options, b *troubled)
		steps   string // that the engine was asked for
		want    string
	}{
		"no keeper": {func(_ *world, o *volumes.Options, _ *troubled) {
			o.FinishEnv = []string{"X=" + strings.Repeat("x", 1<<18)} // more than a process may be given
		}, "", "start the keeper"},
		"not created": {func(_ *world, _ *volumes.Options, b *troubled) {
			b.create = func() error { return errEngine }
		}, "", errEngine.Error()},
		"started, perhaps": {func(_ *world, _ *volumes.Options, b *troubled) {
			b.start = func(int) error { return errEngine }
		}, "create start", errEngine.Error()},
		"replaced while it is created": {func(w *world, _ *volumes.Options, b *troubled) {
			b.create = func() error { return unix.Unmount(w.mountPoint(), unix.MNT_DETACH) }
		}, "create", "is gone or replaced"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := oneDataset(t)
			o := w.containerOptions("task-1")
			b := &troubled{standIn: newStandIn(w.dir, "one", writing)}
			steps := b.steps()
			c.trouble(w, &o, b)
			h := w.hold(o, vol("data"))
			if err := h.StartContainer(t.Context(), b); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("start: %v; want %q", err, c.want)
			}
			if got := strings.Join(*steps, " "); got != c.steps {
				t.Errorf("steps %q, want %q", got, c.steps)
			}
			if _, err := os.Stat(containerFile(w.dir, "one")); err == nil {
				t.Error("the container is left")
			}
			must(t, h.Release(t.Context()))
			w.clean()
		})
	}
}

// mountPoint is that of the only dataset.
func (w *world) mountPoint() string {
	all, err := filepath.Glob(w.path("root", "*"))
	must(w.t, err)
	if len(all) != 1 {
		w.t.Fatalf("mounts %q", all)
	}
	return all[0]
}

// What is gone before the start begins is not looked for by an engine.
func TestContainerOfWhatIsGone(t *testing.T) {
	w, id := oneDataset(t)
	h := w.hold(w.containerOptions("task-1"), vol("data"))
	must(t, unix.Unmount(w.path("root", id), unix.MNT_DETACH))
	b := &troubled{standIn: newStandIn(w.dir, "one", writing)}
	steps := b.steps()
	if err := h.StartContainer(t.Context(), b); err == nil || !strings.Contains(err.Error(), "is gone or replaced") {
		t.Errorf("start: %v", err)
	}
	if len(*steps) > 0 || len(keepers()) > 0 {
		t.Errorf("steps %q, %d keepers", *steps, len(keepers()))
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

// A journal that cannot be written starts nothing: not before the container is
// named in it, and not before the dataset is said to be in use.
func TestContainerNotJournalled(t *testing.T) {
	for stage, want := range map[string]string{"wanted": "", "held": "create"} {
		t.Run(stage, func(t *testing.T) {
			w, _ := oneDataset(t)
			h := w.hold(w.containerOptions("task-1"), vol("data"))
			entry := w.path("state", w.journal()[0])
			place := strings.Replace(entry, "/wanted/", "/"+stage+"/", 1)
			if stage == "wanted" {
				must(t, os.Rename(entry, w.path("entry")))
			}
			must(t, os.Mkdir(place, 0o700))
			b := &troubled{standIn: newStandIn(w.dir, "one", writing)}
			steps := b.steps()
			if err := h.StartContainer(t.Context(), b); err == nil || !strings.Contains(err.Error(), "start task with volume data") {
				t.Errorf("start: %v", err)
			}
			if got := strings.Join(*steps, " "); got != want {
				t.Errorf("steps %q, want %q", got, want)
			}
			must(t, os.Remove(place))
			if stage == "wanted" {
				must(t, os.Rename(w.path("entry"), entry))
			}
			must(t, h.Release(t.Context()))
			w.clean()
		})
	}
}

// The keeper is there before the container, and its lease is renewed while the
// engine takes its time.
func TestContainerIsKeptWhileItIsMade(t *testing.T) {
	w, id := oneDataset(t)
	o := w.containerOptions("task-1")
	o.Lease = 400 * time.Millisecond
	h := w.hold(o, vol("data"))
	b := newStandIn(w.dir, "one", writing)
	b.at = func(step string) {
		if step != "create" {
			return
		}
		keeper(t)
		before := w.cluster.read().Leases[id].Until
		eventually(t, "the lease is renewed", func() bool { return w.cluster.read().Leases[id].Until.After(before) })
	}
	must(t, h.StartContainer(t.Context(), b))
	must(t, h.Release(t.Context()))
	w.clean()
}

// The watch over the mounts is there for containers, too.
func TestContainersMountTornAway(t *testing.T) {
	w, id := oneDataset(t)
	h := w.inContainer(w.containerOptions("task-1"), newStandIn(w.dir, "one", writing))
	must(t, unix.Unmount(w.path("root", id), unix.MNT_DETACH))
	if err := lost(t, h); !strings.Contains(err.Error(), id) || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("lost: %v", err)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

// A container may have ended before its mounts can be looked at.
func TestContainerEndsAtOnce(t *testing.T) {
	w, _ := oneDataset(t)
	h := w.hold(w.containerOptions("task-1"), vol("data"))
	must(t, h.StartContainer(t.Context(), &troubled{standIn: newStandIn(w.dir, "one", writing), start: killed}))
	if status := exited(t, h); status.Signal() != unix.SIGKILL {
		t.Errorf("it exited with %v", status)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

// Part of a dataset is not the dataset.
func TestContainerHasAllOfTheDataset(t *testing.T) {
	w, id := oneDataset(t)
	h := w.hold(w.containerOptions("task-1"), vol("data"))
	must(t, os.Mkdir(w.path("root", id, "part"), 0o755))
	b := newStandIn(w.dir, "one", writing)
	b.bind = func(b *volumes.BodyBind) { b.Source += "/part" }
	if err := h.StartContainer(t.Context(), b); err == nil || !strings.Contains(err.Error(), "another filesystem than the dataset") {
		t.Errorf("start: %v", err)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}
