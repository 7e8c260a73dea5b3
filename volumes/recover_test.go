package volumes_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// executor is a child of the test that holds, runs and releases.
type executor struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
}

func (w *world) executor(env ...string) *executor {
	w.t.Helper()
	e := &executor{cmd: exec.Command("/proc/self/exe"), done: make(chan struct{})}
	e.cmd.Env = append(append(os.Environ(), childVariable+"="+w.dir), env...)
	e.cmd.Stdout, e.cmd.Stderr = &e.out, &e.out
	must(w.t, e.cmd.Start())
	go func() {
		defer close(e.done)
		_ = e.cmd.Wait()
	}()
	w.t.Cleanup(func() {
		_ = e.cmd.Process.Kill()
		<-e.done
	})
	return e
}

// wait returns when the executor is dead, and says whether it was killed.
func (e *executor) wait(t *testing.T) (killed bool) {
	t.Helper()
	select {
	case <-e.done:
	case <-time.After(15 * time.Second):
		t.Fatalf("the executor does not end: %s", e.out.String())
	}
	return e.cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled()
}

func (w *world) started() bool {
	_, err := os.Stat(w.path("started"))
	return err == nil
}

func (w *world) recover(dryRun bool) volumes.Report {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	r, err := volumes.Recover(ctx, w.options("recovery", nil), dryRun)
	if err != nil {
		w.t.Errorf("recover: %v", err)
	}
	return r
}

func TestRecoverAfterKill(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.executor()
	eventually(t, "the task runs", w.started)
	if r := w.recover(false); len(r.Findings) != 0 || r.Alive != 1 {
		t.Errorf("beside a living executor: %s", r)
	}
	must(t, e.cmd.Process.Kill())
	e.wait(t)
	if r := w.recover(true); len(r.Findings) != 1 || r.Findings[0].Outcome != volumes.Returned {
		t.Errorf("dry run: %s", r)
	}
	if len(w.cluster.read().Leases) != 1 || len(w.journal()) != 1 {
		t.Error("the dry run did something")
	}
	if r := w.recover(false); len(r.Findings) != 1 || r.Findings[0].Outcome != volumes.Returned || !strings.Contains(r.String(), id) {
		t.Errorf("recovery: %s", r)
	}
	if r := w.recover(false); len(r.Findings) != 0 || r.Alive != 0 {
		t.Errorf("second recovery: %s", r)
	}
	if w.cluster.read().Datasets[id].Primary != here {
		t.Error("a dataset that was held is put back")
	}
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

func TestRecoverLeavesOthersAlone(t *testing.T) {
	w := newWorld(t)
	j, err := journal.Create(w.path("state"))
	must(t, err)
	r, err := j.NewRun()
	must(t, err)
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

func TestRecoverSetsBrokenEntriesAside(t *testing.T) {
	w := newWorld(t)
	j, err := journal.Create(w.path("state"))
	must(t, err)
	r, err := j.NewRun()
	must(t, err)
	must(t, os.WriteFile(w.path("state", "runs", r.Name, "held", idA+".json"), []byte(`{"version":`), 0o600))
	must(t, r.Close())
	if report := w.recover(true); len(report.Findings) != 1 || !strings.Contains(w.journal()[0], "/held/") {
		t.Error(report)
	}
	if report := w.recover(false); len(report.Findings) != 1 || report.Findings[0].Outcome != volumes.SetAside {
		t.Error(report)
	}
	if files := w.journal(); len(files) != 1 || !strings.HasPrefix(files[0], "corrupt/") {
		t.Errorf("the journal has %q", files)
	}
}

func TestRecoverWithoutStateDirectory(t *testing.T) {
	w := newWorld(t)
	if r := w.recover(false); len(r.Findings) != 0 {
		t.Error(r)
	}
	if _, err := os.Stat(w.path("state")); err == nil {
		t.Error("it was made")
	}
}
