//go:build failpoint

package volumes_test

import (
	"os"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// writes is how often an acquire and a start write the journal: before the
// lease, before the order to move, and when the guard is there.
const writes = 3

// matrix lists the points that a child of this test comes by.
func matrix() []string {
	var points []string
	for _, p := range failpoint.Points {
		if p == "journal.put.before" || p == "journal.put.after" {
			for n := range writes {
				points = append(points, p+"#"+string(rune('1'+n)))
			}
			continue
		}
		for _, group := range []string{"journal.", "lock.", "pin.", "guard.", "sync.", "unpin.", "return.", "unlock."} {
			if strings.HasPrefix(p, group) {
				points = append(points, p)
			}
		}
	}
	return points
}

// An executor that dies at any point leaves nothing that the next one on the
// node does not clear. Leases last an hour here, so that none heals by expiry.
func TestKillMatrix(t *testing.T) {
	for _, point := range matrix() {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			id := w.dataset("data", there)
			e := w.executor(failpoint.Variable + "=" + point)
			w.startedOrDead(e)
			must(t, os.WriteFile(w.path("sandbox", "go"), nil, 0o600))
			killed := e.wait(t)
			if guard := strings.HasPrefix(point, "guard.stage."); killed == guard {
				t.Errorf("killed: %v; the executor said: %s", killed, e.out.String())
			}
			w.recover(false)
			if s := w.cluster.read(); len(s.Log) > 0 && !returned(s, id) {
				t.Errorf("the lease was not returned: %q", s.Log)
			}
			w.clean()
		})
	}
}

func returned(s state, id string) bool {
	for _, request := range s.Log {
		if request == "return "+id {
			return true
		}
	}
	return false
}
