package volumes_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The keeper is replaced as long as the container is there, however its start was
// bounded, and no longer.
func TestKeeperIsReplacedAfterTheStart(t *testing.T) {
	w, _ := oneDataset(t)
	h := w.hold(w.containerOptions("task-1"), vol("data"))
	ctx, cancel := context.WithCancel(t.Context())
	must(t, h.StartContainer(ctx, newStandIn(w.dir, "one", writing)))
	cancel()
	first := keeper(t)
	must(t, killed(first))
	second := 0
	eventually(t, "there is another keeper", func() bool {
		pids := keepers()
		if len(pids) == 1 {
			second = pids[0]
		}
		return second != 0 && second != first
	})
	must(t, h.Release(t.Context()))
	ends(t, second)
	if left := keepers(); len(left) > 0 {
		t.Errorf("keepers %v after the release", left)
	}
	w.clean()
}

// A keeper that is killed while its executor lets go has no successor that would
// keep the dataset.
func TestKeeperKilledBeforeTheRelease(t *testing.T) {
	for n := range 3 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			w, id := oneDataset(t)
			o := w.containerOptions("task-1")
			o.Store = store{cluster: w.cluster, node: here, fault: func(request string) error {
				for _, pid := range keepers() {
					if request == "return" && has(pid, w.path("root", id)) {
						t.Error("the lease is returned while a keeper has the dataset open")
					}
				}
				return nil
			}}
			h := w.inContainer(o, newStandIn(w.dir, "one", writing))
			must(t, unix.Kill(keeper(t), unix.SIGKILL))
			must(t, h.Release(t.Context()))
			eventually(t, "no keeper is left", func() bool { return len(keepers()) == 0 })
			if want := "remove one, return " + id; !strings.HasSuffix(w.log(), want) {
				t.Errorf("requests %s", w.log())
			}
			w.clean()
		})
	}
}
