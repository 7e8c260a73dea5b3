package volumes_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// With the keeper dead as well it is recovery's, in the same order.
func TestRecoverRemovesContainer(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	w.orphan()
	o := w.containerOptions("recovery")
	o.RemoveContainer = nil
	w.kept(o, "this program was not told how")
	must(t, os.WriteFile(w.path("away"), nil, 0o600))
	w.kept(w.containerOptions("recovery"), "the engine is away")
	must(t, os.Remove(w.path("away")))
	if _, err := volumes.Recover(t.Context(), w.containerOptions("recovery"), false); err != nil {
		t.Error(err)
	}
	if want := "remove child, return " + id; !strings.HasSuffix(w.log(), want) {
		t.Errorf("requests %s, want %s at the end", w.log(), want)
	}
	w.clean()
}

// orphan leaves a container whose executor and keeper are dead.
func (w *world) orphan() {
	w.t.Helper()
	e := w.runningContainer("data")
	must(w.t, unix.Kill(e.keeper, unix.SIGSTOP))
	must(w.t, e.cmd.Process.Kill())
	e.wait(w.t)
	must(w.t, killed(e.keeper))
}

// The next task of the dataset needs no recovery before it.
func TestHoldFinishesDeadContainer(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	w.orphan()
	h := w.hold(w.containerOptions("next"), vol("data"))
	if want := fmt.Sprintf("remove child, return %s, lease %s", id, id); !strings.HasSuffix(w.log(), want) {
		t.Errorf("requests %s, want %s at the end", w.log(), want)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

// The next task of the dataset waits for a keeper that is still at it.
func TestHoldWaitsForKeeper(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.runningContainer("data")
	must(t, os.WriteFile(w.path("away"), nil, 0o600))
	must(t, e.cmd.Process.Kill())
	o := w.containerOptions("next")
	e.wait(t)
	report := func(p volumes.Progress) {
		if strings.Contains(p.State, "used by") {
			_ = os.Remove(w.path("away"))
		}
	}
	h, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data")}, report)
	must(t, err)
	if !strings.HasSuffix(w.log(), "return "+id+", lease "+id) {
		t.Errorf("requests %s", w.log())
	}
	must(t, h.Release(t.Context()))
	ends(t, e.keeper)
	w.clean()
}
