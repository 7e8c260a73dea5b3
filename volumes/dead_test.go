package volumes_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// executor is a child of the test that holds, runs and releases.
type executor struct {
	cmd    *exec.Cmd
	out    bytes.Buffer
	done   chan struct{}
	keeper int // process number, of a container's
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

// run begins a run in the journal, as an executor does.
func (w *world) run() (*journal.Journal, *journal.Run) {
	w.t.Helper()
	j, err := journal.Create(w.path("state"))
	must(w.t, err)
	r, err := j.NewRun()
	must(w.t, err)
	return j, r
}

// died leaves what an executor leaves that is killed while its task runs;
// meanwhile is done before that.
func (w *world) died(meanwhile ...func()) {
	w.t.Helper()
	e := w.executor()
	eventually(w.t, "the task runs", w.started)
	for _, f := range meanwhile {
		f()
	}
	must(w.t, e.cmd.Process.Kill())
	e.wait(w.t)
}

func (w *world) started() bool {
	_, err := os.Stat(w.path("started"))
	return err == nil
}

// startedOrDead waits until the task runs, or its executor has ended.
func (w *world) startedOrDead(e *executor) {
	w.t.Helper()
	eventually(w.t, "the task runs, or the executor is dead", func() bool {
		select {
		case <-e.done:
			return true
		default:
			return w.started()
		}
	})
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
