package docker_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// wantEnded waits for the end of a process.
func wantEnded(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(30 * time.Second); running(pid); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("the process does not end")
		}
	}
}

// How a container ends while its engine is away is known when that is back; what it
// writes meanwhile, and ends, the engine does not know itself.
func TestEndWhileTheEngineIsAway(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{LiveRestore: true})
	c := task(t, "trap 'exit 4' USR1; echo ready; while :; do sleep 0.05; done")
	b := started(t, open(t, d), c)
	wantOutput(t, c.Stdout, "ready")
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	pid := b.Running().PID
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	wantEnded(t, pid)
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b, 4)
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An engine that hangs is waited for, after the end of the container's process, as
// long as it was given, and no longer.
func TestEndThatAHangingEngineDoesNotTell(t *testing.T) {
	t.Parallel() // each request has ten seconds
	d := dockertest.New(t, dockertest.Options{})
	b := started(t, open(t, d), task(t, "sleep 1000"))
	if err := d.Pause(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Resume() }) // once more does no harm
	if err := syscall.Kill(b.Running().PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if status, known := ended(t, b); known || !strings.Contains(b.Why(), "has not told how") {
		t.Errorf("status %#x, known: %v, why: %q", status, known, b.Why())
	}
	if err := d.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
}
