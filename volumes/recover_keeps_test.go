package volumes_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

func TestRecoverLeavesOthersAlone(t *testing.T) {
	w := newWorld(t)
	j, r := w.run()
	for _, e := range []journal.Record{
		{Dataset: idA, Node: there, Service: service},
		{Dataset: idB, Node: here, Service: "another:4523"},
	} {
		must(t, j.Put(journal.Entry{Run: r.Name, Stage: journal.Held, Record: e}))
	}
	must(t, r.Close())
	report := w.recover(false)
	if len(report.Findings) != 2 || report.Findings[0].Outcome != volumes.Kept || report.Findings[1].Outcome != volumes.Kept {
		t.Error(report)
	}
	if len(w.journal()) != 2 || len(w.cluster.read().Log) != 0 {
		t.Error("something was done")
	}
}

// kept is the only finding of a recovery that must leave things as they are.
func (w *world) kept(o volumes.Options, says string) {
	w.t.Helper()
	r, err := volumes.Recover(w.t.Context(), o, false)
	if len(r.Findings) != 1 || r.Findings[0].Outcome != volumes.Kept || !strings.Contains(r.Findings[0].Why, says) {
		w.t.Errorf("recovery: %s, %v; want the entry kept because %q", r, err, says)
	}
	if len(w.cluster.read().Leases) != 1 || len(w.journal()) != 1 {
		w.t.Error("something was done")
	}
}

func TestRecoverKeepsWhatIsNotProved(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	var bystander *mountstest.Space
	w.died(func() { bystander = mountstest.UnshareShell(t, []string{"--propagation=private"}, "true") })
	o := w.options("recovery", nil)
	o.ReleaseTimeout = 300 * time.Millisecond
	w.kept(o, "not done within 300ms")
	w.kept(o, "not proved")
	bystander.End()

	j, err := journal.Open(w.path("state"))
	must(t, err)
	lock, err := j.Lock(t.Context(), id, journal.Owner{Task: "child"}, nil)
	must(t, err)
	w.kept(o, "in use by task child")
	must(t, lock.Close())

	away := w.options("recovery", func(string) error { return errors.New("connection refused") })
	if r, err := volumes.Recover(t.Context(), away, false); err == nil || r.Findings[0].Outcome != volumes.Kept {
		t.Errorf("without the control service: %s, %v", r, err)
	}
	if _, err := volumes.Hold(t.Context(), away, []volumes.Volume{vol("data")}, nil); err == nil || !strings.Contains(err.Error(), "dead executor") {
		t.Errorf("hold of what cannot be finished: %v", err)
	}
	w.recover(false)
	w.clean()
}

// The guard's namespace must be empty before anything is given back.
func TestRecoverWaitsForTheGuardsEnd(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	cmd := exec.Command("unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "read line")
	stdin, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	defer func() { _ = cmd.Wait() }()
	defer stdin.Close()
	var guard journal.Process
	eventually(t, "process 1 of a new namespace", func() bool {
		guard = childOf(cmd.Process.Pid)
		return guard.PIDNamespace != 0
	})
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	must(t, err)
	j, r := w.run()
	must(t, j.Put(journal.Entry{
		Run: r.Name, Stage: journal.Held, Guard: &guard, Boot: strings.TrimSpace(string(boot)),
		Record: journal.Record{Name: "data", Dataset: id, Node: here, Service: service},
	}))
	must(t, r.Close())
	w.cluster.change(func(s *state) { s.Leases[id] = lease{here, time.Now().Add(time.Hour)} })
	o := w.options("recovery", nil)
	o.ReleaseTimeout = 1500 * time.Millisecond // a second of it for what cannot be seen
	w.kept(o, "has not ended")
	must(t, stdin.Close())
	w.recover(false)
	w.clean()
}

// childOf names the child of unshare --fork when it is in its own namespace.
func childOf(pid int) journal.Process {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	child := strings.TrimSpace(string(data))
	if err != nil || child == "" {
		return journal.Process{}
	}
	stat, err := os.ReadFile("/proc/" + child + "/stat")
	fields := strings.Fields(string(stat))
	if err != nil || len(fields) < 22 || fields[1] != "(sh)" {
		return journal.Process{}
	}
	start, err := strconv.ParseUint(fields[21], 10, 64)
	check(err)
	info, err := os.Stat("/proc/" + child + "/ns/pid")
	check(err)
	return journal.Process{StartTime: start, PIDNamespace: info.Sys().(*syscall.Stat_t).Ino}
}
