package volumes_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// A failed acquire leaves everything as it was found.
func TestMountThatNeverComes(t *testing.T) {
	w := newWorld(t)
	id, other := w.dataset("data", there), w.dataset("other", here)
	w.cluster.change(func(s *state) { s.Datasets[id].Broken = true })
	o := w.options("task-1", nil)
	o.AcquireTimeout = 2 * time.Second
	second := vol("other")
	second.Path = "other"
	must(t, os.MkdirAll(w.path("root", id), 0o700)) // a directory proves nothing
	_, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data"), second}, nil)
	for _, fact := range []string{"acquire volume data", "wait for the mount", "flocker.volume", id, here, "not ready within 2s"} {
		if err == nil || !strings.Contains(err.Error(), fact) {
			t.Errorf("%v; want it to say %q", err, fact)
		}
	}
	s := w.cluster.read()
	if s.Datasets[id].Primary != there || s.Datasets[other].Primary != here || len(s.Leases) != 0 {
		t.Errorf("not put back: %+v", s)
	}
	w.clean()
}

func TestRequestsThatFail(t *testing.T) {
	broken := errors.New("500 internal server error")
	for _, request := range []string{"lease", "leased", "bring", "brought"} {
		t.Run(request, func(t *testing.T) {
			w := newWorld(t)
			id := w.dataset("data", there)
			o := w.options("task-1", func(r string) error {
				if r == request {
					return broken
				}
				return nil
			})
			if _, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data")}, nil); !errors.Is(err, broken) {
				t.Errorf("hold: %v", err)
			}
			w.wantPutBack(id)
			w.clean()
		})
	}
}

// Nothing is leased for a request that cannot be carried out.
func TestRefusedBeforeAnythingIsLeased(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	absolute := func(path string) volumes.Volume { return volumes.Volume{Label: "l", Name: "data", Path: path} }
	must(t, os.WriteFile(w.path("file"), nil, 0o600))
	for name, v := range map[string]volumes.Volume{
		"missing":            absolute(w.path("missing")),
		"a file":             absolute(w.path("file")),
		"around the sandbox": absolute(w.dir),
		"the sandbox":        absolute(w.path("sandbox")),
	} {
		if _, err := volumes.Hold(t.Context(), w.options("t", nil), []volumes.Volume{v}, nil); err == nil || !strings.Contains(err.Error(), v.Path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	readOnly := w.options("t", nil)
	readOnly.StateDir = w.path("ro")
	must(t, os.Mkdir(readOnly.StateDir, 0o700))
	must(t, unix.Mount("tmpfs", readOnly.StateDir, "tmpfs", unix.MS_RDONLY, ""))
	if _, err := volumes.Hold(t.Context(), readOnly, []volumes.Volume{vol("data")}, nil); !errors.Is(err, unix.EROFS) {
		t.Errorf("read-only state directory: %v", err)
	}
	must(t, unix.Unmount(readOnly.StateDir, 0))
	if log := w.cluster.read().Log; len(log) != 0 {
		t.Errorf("requests %q", log)
	}
}

func TestPathInStorageRoot(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	v := volumes.Volume{Label: "l", Name: "data", Path: w.path("root")}
	if _, err := volumes.Hold(t.Context(), w.options("t", nil), []volumes.Volume{v}, nil); !errors.Is(err, volumes.ErrRefused) {
		t.Errorf("hold: %v", err)
	}
	w.clean()
}

func TestStartThatFails(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	o := w.options("task-1", nil)
	h := w.hold(o, vol("data"))
	var why *guard.ExecError
	if err := h.Start(t.Context(), guard.Task{Argv: []string{"/no/such/program"}, Dir: o.Sandbox}); !errors.As(err, &why) {
		t.Errorf("start: %v", err)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

// On a full disk it cannot be noted that nothing is held; it is known all the
// same, or the undo would return what something else on this node has leased.
func TestNothingHeldOnFullDisk(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	w.cluster.change(func(s *state) { s.Leases[id] = lease{here, time.Now().Add(time.Hour)} })
	o := w.options("task-1", func(request string) error {
		if request == "lease" {
			_ = os.WriteFile(w.path("state", "full"), make([]byte, 1<<20), 0o600)
		}
		return nil
	})
	must(t, os.Mkdir(o.StateDir, 0o700))
	must(t, unix.Mount("tmpfs", o.StateDir, "tmpfs", 0, "size=256k"))
	_, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data")}, nil)
	if !errors.Is(err, volumes.ErrHeld) || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("hold: %v", err)
	}
	w.wantHolder(id, here)
	must(t, unix.Unmount(o.StateDir, 0))
}
