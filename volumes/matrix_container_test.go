//go:build failpoint

package volumes_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// containerMatrix lists the points that an executor with a container comes by, or
// its keeper.
func containerMatrix() []string {
	points := []string{"journal.put.before#3", "journal.put.after#3", "journal.put.before#4", "journal.put.after#4"}
	for _, p := range failpoint.Points {
		for _, group := range []string{"container.", "keeper.", "journal.held", "journal.releasing", "journal.remove", "journal.close", "sync.", "unpin.", "return.", "unlock."} {
			if strings.HasPrefix(p, group) {
				points = append(points, p)
			}
		}
	}
	return points
}

// An executor that dies at any point leaves nothing that its keeper, and where
// that dies at the same point as well, recovery does not clear: the container
// always before the lease.
func TestContainerKillMatrix(t *testing.T) {
	for _, point := range containerMatrix() {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			w.engine()
			id := w.dataset("data", there)
			e := w.containerExecutor("data", failpoint.Variable+"="+point)
			w.startedOrDead(e)
			if point == "keeper.finish.before" {
				must(t, e.cmd.Process.Kill())
			}
			must(t, os.WriteFile(w.path("mapped", "go"), nil, 0o600))
			if !e.wait(t) {
				t.Error("the executor was not killed")
			}
			eventually(t, "its keeper has ended, and recovery does the rest", func() bool {
				r, err := volumes.Recover(t.Context(), w.containerOptions("recovery"), false)
				if err != nil {
					t.Fatalf("recovery: %s, %v", r, err)
				}
				return r.Alive == 0
			})
			for _, pid := range keepers() {
				ends(t, pid) // it may have had nothing to do
			}
			s := w.cluster.read()
			returned := slices.Index(s.Log, "return "+id)
			if returned < 0 {
				t.Errorf("the lease was not returned: %q", s.Log)
			}
			if _, err := os.Stat(containerFile(w.dir, "child")); err == nil {
				t.Errorf("the container is left: %q", s.Log)
			}
			if removed := slices.Index(s.Log, "remove child"); removed > returned {
				t.Errorf("the lease was returned before the container was removed: %q", s.Log)
			}
			w.clean()
		})
	}
}
