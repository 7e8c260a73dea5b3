package volumes_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

func TestHoldSaysWhoseRestItCannotFinish(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", there)
	w.died()
	o := w.options("next", func(request string) error {
		if request == "return" {
			return errors.New("connection refused")
		}
		return nil
	})
	_, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data")}, nil)
	if want := "finish what a dead executor has left: release volume data"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("hold: %v, want %q", err, want)
	}
	w.recover(false)
	w.clean()
}

// The next task of the dataset needs no recovery before it.
func TestHoldFinishesDeadRun(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.executor()
	eventually(t, "the task runs", w.started)
	must(t, e.cmd.Process.Kill())
	h := w.hold(w.options("next", nil), vol("data"))
	e.wait(t)
	if log := strings.Join(w.cluster.read().Log, ","); !strings.HasSuffix(log, fmt.Sprintf("return %s,lease %s", id, id)) {
		t.Errorf("requests %s", log)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}

// What a dead run has left may take longer than a release: the acquire's deadline
// bounds it.
func TestHoldIsPatientWithADeadRun(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	var bystander *mountstest.Space
	w.died(func() { bystander = mountstest.UnshareShell(t, []string{"--propagation=private"}, "true") })
	o := w.options("next", nil)
	o.ReleaseTimeout = 300 * time.Millisecond
	go func() {
		<-time.After(2 * o.ReleaseTimeout)
		bystander.End()
	}()
	h, err := volumes.Hold(t.Context(), o, []volumes.Volume{vol("data")}, nil)
	must(t, err)
	must(t, h.Release(t.Context()))
	w.clean()
}
