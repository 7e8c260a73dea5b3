package volumes_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
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

// said waits until the executor or its keeper has said something.
func (w *world) said(what string) {
	w.t.Helper()
	eventually(w.t, "somebody says "+what, func() bool {
		said, _ := os.ReadFile(w.path("out"))
		return strings.Contains(string(said), what)
	})
}

// A keeper goes on until the control service takes the lease back.
func TestKeeperWaitsForTheControlService(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.runningContainer("data")
	must(t, os.WriteFile(w.path("later-no-return"), nil, 0o600))
	must(t, e.cmd.Process.Kill())
	w.said("connection refused")
	w.wantHolder(id, here)
	if slices.ContainsFunc(keepers(), func(pid int) bool { return has(pid, w.path("root", id)) }) {
		t.Error("the lease was to be returned while somebody had the dataset open")
	}
	must(t, os.Remove(w.path("later-no-return")))
	ends(t, e.keeper)
	w.clean()
}

// A keeper gives nothing back that somebody else can still reach.
func TestKeeperWaitsForBystanders(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	must(t, os.WriteFile(w.path("impatient"), nil, 0o600))
	e := w.runningContainer("data")
	bystander := mountstest.UnshareShell(t, []string{"--propagation=private"}, "true")
	must(t, e.cmd.Process.Kill())
	w.said("not proved that nobody can reach it")
	w.wantHolder(id, here)
	if !slices.ContainsFunc(keepers(), func(pid int) bool { return has(pid, w.path("root", id)) }) {
		t.Error("nobody keeps the dataset")
	}
	bystander.End()
	ends(t, e.keeper)
	w.clean()
}

// finishing leaves a dead executor's keeper that cannot finish, for the engine is
// away.
func (w *world) finishing() *executor {
	w.t.Helper()
	e := w.runningContainer("data")
	must(w.t, os.WriteFile(w.path("away"), nil, 0o600))
	must(w.t, e.cmd.Process.Kill())
	w.said("the engine is away")
	return e
}

// Who finishes ignores signals as the keeper does.
func TestFinishSurvives(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.finishing()
	for _, pid := range keepers() {
		for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGUSR1, unix.SIGPIPE, unix.SIGTSTP} {
			must(t, unix.Kill(pid, sig))
		}
	}
	must(t, os.Remove(w.path("away")))
	ends(t, e.keeper)
	if want := "remove child, return " + id; !strings.HasSuffix(w.log(), want) {
		t.Errorf("requests %s, want %s at the end", w.log(), want)
	}
	w.clean()
}

// A keeper that is killed while it finishes leaves nobody behind; recovery does the
// rest.
func TestKeeperKilledWhileItFinishes(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", there)
	e := w.finishing()
	must(t, unix.Kill(e.keeper, unix.SIGKILL))
	eventually(t, "nobody finishes any more", func() bool { return len(keepers()) == 0 })
	must(t, os.Remove(w.path("away")))
	eventually(t, "recovery has done the rest", func() bool {
		r, err := volumes.Recover(t.Context(), w.containerOptions("recovery"), false)
		must(t, err)
		return r.Alive == 0 // who has no name any more may not have closed everything
	})
	w.clean()
}
