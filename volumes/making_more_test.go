package volumes_test

import (
	"context"
	"os"
	"strings"
	"testing"
)

// An engine goes on making a container whose executor has died, and says until then
// that there is none: who finishes looks for it again, after all is given back.
func TestKeeperRemovesContainerThatAppears(t *testing.T) {
	w := newWorld(t)
	w.engine()
	id := w.dataset("data", there)
	must(t, os.WriteFile(w.path("hang-create"), nil, 0o600))
	e := w.containerExecutor("data")
	eventually(t, "the container is being made", func() bool {
		_, err := os.Stat(w.path("hanging"))
		return err == nil
	})
	e.keeper = keeper(t)
	must(t, e.cmd.Process.Kill())
	w.said("looking for it again")
	if w.leased(id) {
		t.Error("the lease waits for what was never started")
	}
	must(t, os.WriteFile(containerFile(w.dir, "child"), nil, 0o600))
	ends(t, e.keeper)
	if _, err := os.Stat(containerFile(w.dir, "child")); err == nil {
		t.Error("the container is left")
	}
	w.clean()
}

// A start that is called off must be told at once: the container is left to Release.
func TestContainerStartIsCalledOff(t *testing.T) {
	w, _ := oneDataset(t)
	ctx, cancel := context.WithCancel(t.Context())
	b := &troubled{standIn: newStandIn(w.dir, "one", writing), start: func(int) error {
		cancel()
		return context.Canceled
	}}
	h := w.hold(w.containerOptions("task-1"), vol("data"))
	if err := h.StartContainer(ctx, b); err == nil {
		t.Error("no error")
	}
	if strings.Contains(w.log(), "remove") {
		t.Errorf("requests %s", w.log())
	}
	must(t, h.Release(t.Context()))
	if !strings.Contains(w.log(), "remove one") {
		t.Errorf("requests %s", w.log())
	}
	w.clean()
}
