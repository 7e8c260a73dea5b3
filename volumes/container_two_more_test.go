package volumes_test

import (
	"os"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// logs is a second volume.
func logs() volumes.Volume {
	return volumes.Volume{Label: "flocker.volume.logs", Name: "logs", Path: "logs", Create: true}
}

// Each of two datasets is bound, kept and dropped by the keeper, and given back.
func TestContainerWithTwoVolumes(t *testing.T) {
	w := newWorld(t)
	w.engine()
	ids := []string{w.dataset("data", there), w.dataset("logs", here)}
	kept := map[string]bool{}
	pid := 0
	o := containerOptions(w.dir, "task-1", store{cluster: w.cluster, node: here, fault: func(request string) error {
		if request == "returned" {
			for id, held := range map[string]bool{ids[0]: w.leased(ids[0]), ids[1]: w.leased(ids[1])} {
				if !held && has(pid, w.path("root", id)) {
					t.Errorf("%s is returned while the keeper has it open", id)
				}
			}
		}
		return nil
	}})
	h := w.hold(o, vol("data"), logs())
	must(t, h.StartContainer(t.Context(), newStandIn(w.dir, "one", "echo 1 > data/file; echo 2 > logs/file; while :; do :; done")))
	pid = keeper(t)
	for i, id := range ids {
		kept[id] = has(pid, w.path("root", id))
		if e := w.entry(id); e.Container != "one" || e.Mount == nil || !kept[id] {
			t.Errorf("volume %d: the journal says %+v; the keeper has it open: %v", i, e, kept[id])
		}
	}
	eventually(t, "both are written", func() bool {
		one, _ := os.ReadFile(w.path("root", ids[0], "file"))
		two, _ := os.ReadFile(w.path("root", ids[1], "file"))
		return string(one) == "1\n" && string(two) == "2\n"
	})
	must(t, h.Release(t.Context()))
	w.clean()
}

func (w *world) leased(id string) bool { return w.cluster.read().Leases[id].Node == here }

// Each of two datasets is verified.
func TestBothVolumesAreVerified(t *testing.T) {
	for _, bad := range []string{"data", "logs"} {
		t.Run(bad, func(t *testing.T) {
			w, _ := oneDataset(t)
			w.dataset("logs", here)
			h := w.hold(w.containerOptions("task-1"), vol("data"), logs())
			b := newStandIn(w.dir, "one", writing)
			b.bind = func(b *volumes.BodyBind) {
				if b.Volume == bad {
					b.Source = "/dev/shm"
				}
			}
			err := h.StartContainer(t.Context(), b)
			if err == nil || !strings.Contains(err.Error(), "start task with volume "+bad) || !strings.Contains(w.log(), "remove one") {
				t.Errorf("start: %v, requests %s", err, w.log())
			}
			must(t, h.Release(t.Context()))
			w.clean()
		})
	}
}

// What a dead executor had of two datasets its keeper gives back, the container
// first.
func TestKeeperFinishesTwo(t *testing.T) {
	w := newWorld(t)
	ids := []string{w.dataset("data", there), w.dataset("logs", there)}
	e := w.runningContainer("two")
	for _, id := range ids {
		if !has(e.keeper, w.path("root", id)) {
			t.Errorf("the keeper does not have %s open", id)
		}
	}
	must(t, e.cmd.Process.Kill())
	ends(t, e.keeper)
	if said, _ := os.ReadFile(w.path("out")); strings.Contains(string(said), "looking for it again") {
		t.Error("it looks again for a container that was made")
	}
	removed := strings.Index(w.log(), "remove child")
	for _, id := range ids {
		if returned := strings.Index(w.log(), "return "+id); removed < 0 || returned < removed {
			t.Errorf("requests %s", w.log())
		}
	}
	w.clean()
}
