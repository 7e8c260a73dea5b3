package docker_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// counting counts one line after the other, and ends when it is told to.
const counting = `trap 'sleep 0.1; exit 6' TERM; i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done`

// wantConsecutive fails if a line of the counting is missing or doubled.
func wantConsecutive(t *testing.T, file string) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSuffix(contents(t, file), "\n"), "\n") {
		if want := "line " + itoa(i+1); line != want {
			t.Fatalf("line %d is %q, want %q", i+1, line, want)
		}
	}
}

// restart ends the engine while a container counts, and starts it again.
func restart(t *testing.T, d *dockertest.Engine, e *docker.Engine, end func() error) (docker.Container, *docker.Body) {
	t.Helper()
	c := task(t, counting)
	b := started(t, e, c)
	wantOutput(t, c.Stdout, "line 10\n")
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, b
}

// lastLine is where the counting has come to.
func lastLine(t *testing.T, file string) string {
	lines := strings.Split(strings.TrimSuffix(contents(t, file), "\n"), "\n")
	return lines[len(lines)-1]
}

func TestLiveRestore(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{LiveRestore: true})
	e := open(t, d)
	for name, end := range map[string]func() error{"stopped": d.Stop, "killed": d.Kill} {
		t.Run(name, func(t *testing.T) {
			c, b := restart(t, d, e, end)
			before := lastLine(t, c.Stdout)
			wantGrowth(t, c.Stdout, before)
			select {
			case <-b.Exited():
				t.Fatal("its end was told:", b.Why())
			default:
			}
			if err := b.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, b, 6)
			wantConsecutive(t, c.Stdout)
			if err := b.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// wantGrowth waits until a file ends otherwise.
func wantGrowth(t *testing.T, file, last string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(30 * time.Second); lastLine(t, file) == last; {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s still ends with %q", filepath.Base(file), last)
		}
	}
}

func TestEngineRestartedWithoutLiveRestore(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{})
	e := open(t, d)
	for name, end := range map[string]func() error{"stopped": d.Stop, "killed": d.Kill} {
		t.Run(name, func(t *testing.T) {
			_, b := restart(t, d, e, end)
			status, known := ended(t, b)
			if !known || status.ExitStatus() == 0 {
				t.Errorf("status %#x, known: %v, why: %q", status, known, b.Why())
			}
			if err := b.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The engine is gone for good: its container can still be killed, and its end is
// told as unknown after a while.
func TestEngineKilled(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{})
	b := started(t, open(t, d), task(t, "sleep 1000"))
	if err := d.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := b.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if status, known := ended(t, b); known || !strings.Contains(b.Why(), "engine") {
		t.Errorf("status %#x, known: %v, why: %q", status, known, b.Why())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := b.Remove(ctx); err == nil {
		t.Error("removed without an engine")
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An engine that hangs holds up neither Signal nor Remove for longer than they
// were given, and SIGKILL goes past it.
func TestEngineHangs(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{})
	b := started(t, open(t, d), task(t, "sleep 1000"))
	pid := b.Running().PID
	if err := d.Pause(); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGKILL} {
		if err := b.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := b.Remove(ctx); err == nil {
		t.Error("removed by an engine that hangs")
	}
	ended(t, b)
	if running(pid) {
		t.Error("the container runs on")
	}
	if err := d.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An engine that comes back with another folder knows nothing of the container,
// whose processes live on: that is no proof of its end.
func TestEngineForgets(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{LiveRestore: true})
	b := started(t, open(t, d), task(t, "sleep 1000"))
	if err := d.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(d.Dir, "data", "containers", b.Running().ID)); err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, known := ended(t, b); known || b.Why() == "" {
		t.Errorf("known: %v, why: %q", known, b.Why())
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if running(b.Running().PID) {
		t.Error("its process lives on")
	}
}

func TestCloseWhileItRuns(t *testing.T) {
	e, err := docker.Open(t.Context(), docker.Options{Socket: shared.Socket, SelfCgroup: []byte("0::/\n")})
	if err != nil {
		t.Fatal(err)
	}
	b := started(t, e, task(t, "sleep 1000"))
	e.Close()
	if _, known := ended(t, b); known {
		t.Error("an end that never was")
	}
}
