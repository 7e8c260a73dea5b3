package volumes_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// running holds the volume "data" and runs a task that writes for ever, and has
// a child that left its session.
func (w *world) running(o volumes.Options) *volumes.Held {
	w.t.Helper()
	h := w.hold(o, vol("data"))
	script := `setsid sh -c 'while :; do echo y >> data/more; done' & while :; do echo x >> data/log; done`
	must(w.t, h.Start(w.t.Context(), shell(script, o.Sandbox)))
	return h
}

// lost waits for a loss.
func lost(t *testing.T, h *volumes.Held) error {
	t.Helper()
	select {
	case err := <-h.Lost():
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("the loss is not noticed")
		return nil
	}
}

func notLost(t *testing.T, h *volumes.Held) {
	t.Helper()
	select {
	case err := <-h.Lost():
		t.Errorf("lost: %v", err)
	default:
	}
}

// The dataset is busy while its task runs, whatever becomes of the lease.
func TestDatasetOrderedAwayUnderTask(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	h := w.running(w.options("task-1", nil))
	w.cluster.change(func(s *state) {
		delete(s.Leases, id)
		s.Datasets[id].Primary = there
	})
	if err := unix.Unmount(w.path("root", id), 0); !errors.Is(err, unix.EBUSY) {
		t.Fatalf("umount under the task: %v", err)
	}
	notLost(t, h)
	must(t, h.Release(t.Context()))
	w.clean()
}

func TestMountTornAway(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	h := w.running(w.options("task-1", nil))
	must(t, unix.Unmount(w.path("root", id), unix.MNT_DETACH))
	if err := lost(t, h); !strings.Contains(err.Error(), id) || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("lost: %v", err)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

func TestLeaseTakenByAnotherNode(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	o := w.options("task-1", nil)
	o.Lease = 400 * time.Millisecond
	h := w.running(o)
	theirs := lease{there, time.Now().Add(time.Hour)}
	w.cluster.change(func(s *state) { s.Leases[id] = theirs })
	if err := lost(t, h); !errors.Is(err, volumes.ErrHeld) || !strings.Contains(err.Error(), there) {
		t.Errorf("lost: %v", err)
	}
	must(t, h.Release(t.Context()))
	w.wantHolder(id, there)
	w.clean()
}

// A running task survives the control service being away for any time.
func TestControlServiceAway(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	var away atomic.Bool
	var renewals atomic.Int64
	o := w.options("task-1", func(request string) error {
		if request == "renew" {
			renewals.Add(1)
		}
		if away.Load() {
			return errors.New("connection refused")
		}
		return nil
	})
	o.Lease = 200 * time.Millisecond
	h := w.running(o)
	eventually(t, "it is renewed", func() bool { return renewals.Load() > 2 })
	away.Store(true)
	eventually(t, "the lease expires", func() bool { return len(w.cluster.read().Leases) == 0 })
	w.cluster.change(func(s *state) { s.Datasets[id].Primary = there })
	before := renewals.Load()
	eventually(t, "it is tried again", func() bool { return renewals.Load() > before+2 })
	notLost(t, h)
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	err := h.Release(short)
	if err == nil || !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), id) {
		t.Errorf("release without the service: %v", err)
	}
	if files := w.journal(); len(files) != 1 || !strings.Contains(files[0], "/releasing/") {
		t.Errorf("the journal has %q", files)
	}
	away.Store(false)
	must(t, h.Release(t.Context()))
	w.clean()
}

// The lease stays while somebody can still reach the dataset.
func TestBystanderWithCopy(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	var renewals atomic.Int64
	o := w.options("task-1", func(request string) error {
		if request == "renew" {
			renewals.Add(1)
		}
		return nil
	})
	o.Lease = 400 * time.Millisecond
	h := w.running(o)
	bystander := mountstest.UnshareShell(t, []string{"--propagation=private"}, "true")
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	err := h.Release(short)
	if err == nil || !strings.Contains(err.Error(), "not proved") || !strings.Contains(err.Error(), id) || !h.Pinned() {
		t.Errorf("release: %v; pinned: %v", err, h.Pinned())
	}
	if s := w.cluster.read(); s.Leases[id].Node != here {
		t.Error("the lease went back")
	}
	before := renewals.Load()
	eventually(t, "the lease is renewed after the release has failed", func() bool { return renewals.Load() > before+2 })
	if err := unix.Unmount(w.path("root", id), 0); !errors.Is(err, unix.EBUSY) {
		t.Errorf("umount after the release has failed: %v", err)
	}
	bystander.End()
	must(t, h.Release(t.Context()))
	if h.Pinned() {
		t.Error("pinned after the release")
	}
	w.clean()
}

// Nobody of the task writes after its release, and what was written is there.
func TestReleaseEndsEveryProcess(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	h := w.running(w.options("task-1", nil))
	size := func() int64 {
		info, err := os.Stat(w.path("root", id, "more"))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	eventually(t, "the child that left the session writes", func() bool { return size() > 0 })
	must(t, h.Release(t.Context()))
	before := size()
	notLost(t, h)
	if after := size(); after != before {
		t.Errorf("somebody still writes: %d bytes, then %d", before, after)
	}
	if entries, err := os.ReadDir(w.path("sandbox")); err != nil || len(entries) != 0 {
		t.Errorf("left in the sandbox: %v, %v", entries, err)
	}
	w.clean()
}

// A volume whose start cannot be journalled is as if it had never been used.
func TestStartNotJournalled(t *testing.T) {
	w := newWorld(t)
	first, second := w.dataset("data", there), w.dataset("logs", there)
	must(t, os.Mkdir(w.path("logs"), 0o755))
	o := w.options("task-1", nil)
	h := w.hold(o, vol("data"), volumes.Volume{Label: "flocker.volume.logs", Name: "logs", Path: w.path("logs")})
	entry := w.path("state", strings.Replace(w.journal()[0], first, second, 1))
	obstacle := strings.Replace(entry, "/wanted/", "/held/", 1)
	must(t, os.Mkdir(obstacle, 0o700))
	err := h.Start(t.Context(), shell("echo 1 > data/file", o.Sandbox))
	if err == nil || !strings.Contains(err.Error(), "start task with volume logs") {
		t.Errorf("start: %v", err)
	}
	must(t, os.Remove(obstacle))
	must(t, h.Release(t.Context()))
	w.wantPutBack(second)
	w.clean()
}

func TestTwoVolumes(t *testing.T) {
	w := newWorld(t)
	relative, absolute := w.dataset("data", there), w.dataset("logs", here)
	must(t, os.Mkdir(w.path("logs"), 0o755))
	logs := volumes.Volume{Label: "flocker.volume.logs", Name: "logs", Path: w.path("logs")}
	o := w.options("task-1", nil)
	h := w.hold(o, vol("data"), logs)
	must(t, h.Start(t.Context(), shell("echo 1 > data/file; echo 2 > "+w.path("logs", "file"), o.Sandbox)))
	exited(t, h)
	must(t, h.Release(t.Context()))
	for id, want := range map[string]string{relative: "1\n", absolute: "2\n"} {
		if data, err := os.ReadFile(w.path("root", id, "file")); string(data) != want {
			t.Errorf("%q, %v; want %q", data, err, want)
		}
	}
	if _, err := os.Stat(w.path("logs", "file")); err == nil {
		t.Error("the host's directory was written")
	}
	w.clean()
}
