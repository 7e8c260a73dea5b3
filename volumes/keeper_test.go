package volumes_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// runningContainer starts an executor with a container and waits until that runs.
func (w *world) runningContainer(which string) *executor {
	w.t.Helper()
	w.engine()
	e := w.containerExecutor(which)
	eventually(w.t, "the container runs", func() bool {
		select {
		case <-e.done:
			w.t.Fatal("the executor has ended")
		default:
		}
		return w.started()
	})
	e.keeper = keeper(w.t)
	return e
}

// The container is gone before its datasets are given back.
func TestKeeperFinishes(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.runningContainer("data")
	must(t, e.cmd.Process.Kill())
	ends(t, e.keeper)
	if want := "remove child, return " + id; !strings.HasSuffix(w.log(), want) {
		t.Errorf("requests %s, want %s at the end", w.log(), want)
	}
	if w.cluster.read().Datasets[id].Primary != here {
		t.Error("a dataset that was held is put back")
	}
	w.clean()
}

func TestKeeperRemovesContainerWithoutVolumes(t *testing.T) {
	w := newWorld(t)
	e := w.runningContainer("none")
	must(t, e.cmd.Process.Kill())
	ends(t, e.keeper)
	if w.log() != "remove child" {
		t.Errorf("requests %s", w.log())
	}
}

// A keeper that somebody kills has a successor, which does the same.
func TestKeeperIsReplaced(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.runningContainer("data")
	must(t, killed(e.keeper))
	eventually(t, "there is another keeper", func() bool {
		said, _ := os.ReadFile(w.path("out"))
		return strings.Contains(string(said), "there is another keeper")
	})
	if said, _ := os.ReadFile(w.path("out")); !strings.Contains(string(said), "the keeper was killed") {
		t.Errorf("the executor said: %s", said)
	}
	ends(t, e.keeper)
	e.keeper = keeper(t)
	must(t, e.cmd.Process.Kill())
	ends(t, e.keeper)
	if want := "remove child, return " + id; !strings.HasSuffix(w.log(), want) {
		t.Errorf("requests %s, want %s at the end", w.log(), want)
	}
	w.clean()
}

// While the engine is away nothing is given back, and the dataset stays.
func TestKeeperWaitsForTheEngine(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.runningContainer("data")
	must(t, os.WriteFile(w.path("away"), nil, 0o600))
	must(t, e.cmd.Process.Kill())
	eventually(t, "the keeper has tried", func() bool {
		said, _ := os.ReadFile(w.path("out"))
		return strings.Contains(string(said), "the engine is away")
	})
	if err := unix.Unmount(w.path("root", id), 0); !errors.Is(err, unix.EBUSY) {
		t.Errorf("umount meanwhile: %v", err)
	}
	if r := w.recover(false); len(r.Findings) != 0 || r.Alive != 1 {
		t.Errorf("recovery beside the keeper: %s", r)
	}
	if len(w.cluster.read().Leases) != 1 {
		t.Error("the lease was returned")
	}
	must(t, os.Remove(w.path("away")))
	ends(t, e.keeper)
	w.clean()
}

// What an executor cannot return before it has to end, its keeper returns.
func TestKeeperReturnsWhatIsLeft(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", there)
	e := w.runningContainer("data")
	must(t, os.WriteFile(w.path("no-return"), nil, 0o600))
	must(t, os.WriteFile(w.path("mapped", "go"), nil, 0o600))
	if e.wait(t) {
		t.Error("the executor was killed")
	}
	if said, _ := os.ReadFile(w.path("out")); !strings.Contains(string(said), "connection refused") {
		t.Errorf("the executor said: %s", said)
	}
	ends(t, e.keeper)
	w.clean()
}

// Mesos' agent kills what it finds from the executor by parents, groups and
// sessions; people send signals.
func TestKeeperSurvives(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.runningContainer("data")
	if found := killTree(e.cmd.Process.Pid); len(found) < 1 || found[e.keeper] {
		t.Fatalf("the tree of the executor is %v, its keeper %d", found, e.keeper)
	}
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGUSR1, unix.SIGPIPE, unix.SIGTSTP} {
		must(t, unix.Kill(e.keeper, sig))
	}
	must(t, os.WriteFile(w.path("away"), nil, 0o600))
	for pid := range killTree(e.cmd.Process.Pid) {
		must(t, unix.Kill(pid, unix.SIGKILL))
	}
	eventually(t, "the keeper has tried", func() bool {
		said, _ := os.ReadFile(w.path("out"))
		return strings.Contains(string(said), "the engine is away")
	})
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT} {
		must(t, unix.Kill(e.keeper, sig))
	}
	must(t, os.Remove(w.path("away")))
	ends(t, e.keeper)
	if !strings.HasSuffix(w.log(), "return "+id) {
		t.Errorf("requests %s", w.log())
	}
	w.clean()
}

// killTree finds the processes that belong to one: its descendants, and whoever is
// in a group or session of one of them.
func killTree(root int) map[int]bool {
	found, groups, sessions := map[int]bool{root: true}, map[int]bool{}, map[int]bool{}
	for grown := true; grown; {
		grown = false
		for _, p := range processTable() {
			if found[p.pid] {
				groups[p.group], sessions[p.session] = true, true
			} else if found[p.parent] || groups[p.group] || sessions[p.session] {
				found[p.pid], grown = true, true
			}
		}
	}
	return found
}

type processLine struct{ pid, parent, group, session int }

func processTable() (table []processLine) {
	dirs, err := os.ReadDir("/proc")
	check(err)
	for _, d := range dirs {
		data, err := os.ReadFile("/proc/" + d.Name() + "/stat")
		text := string(data)
		var p processLine
		var state string
		if _, scan := fmt.Sscan(text[strings.LastIndexByte(text, ')')+1:], &state, &p.parent, &p.group, &p.session); err != nil || scan != nil {
			continue
		}
		if _, err := fmt.Sscan(d.Name(), &p.pid); err == nil {
			table = append(table, p)
		}
	}
	return table
}

// A keeper that was killed, or stopped, does not hold up its executor.
func TestReleaseWithoutKeeper(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGKILL, unix.SIGSTOP} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			w := newWorld(t)
			w.engine()
			w.dataset("data", there)
			h := w.inContainer(w.containerOptions("task-1"), newStandIn(w.dir, "one", writing))
			pid := keeper(t)
			must(t, unix.Kill(pid, sig))
			must(t, h.Release(t.Context()))
			ends(t, pid)
			w.clean()
		})
	}
}
