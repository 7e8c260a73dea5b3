//go:build failpoint

package volumes_test

import (
	"os"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// What somebody can still write to is not written out yet: who reaches the dataset
// is asked before, or what they wrote last would not be.
func TestNothingIsWrittenOutBeforeItIsProvedFree(t *testing.T) {
	w := newWorld(t)
	w.engine()
	w.dataset("data", there)
	must(t, os.WriteFile(w.path("impatient"), nil, 0o600))
	e := w.containerExecutor("data", failpoint.Variable+"=sync.before")
	w.startedOrDead(e)
	e.keeper = keeper(t)
	bystander := mountstest.UnshareShell(t, []string{"--propagation=private"}, "true")
	must(t, os.WriteFile(w.path("mapped", "go"), nil, 0o600))
	if e.wait(t) {
		t.Error("the executor came to write out")
	}
	if said, _ := os.ReadFile(w.path("out")); !strings.Contains(string(said), "not proved that nobody can reach it") {
		t.Errorf("the executor said: %s", said)
	}
	bystander.End()
	ends(t, e.keeper) // it comes to write out
	if _, err := volumes.Recover(t.Context(), w.containerOptions("recovery"), false); err != nil {
		t.Error(err)
	}
	w.clean()
}
