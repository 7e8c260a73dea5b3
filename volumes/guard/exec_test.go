package guard_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// command is a shell script for Exec.
func (w *world) command(script string) guard.Task {
	return guard.Task{Argv: []string{"sh", "-c", script}, Env: []string{"PATH=" + os.Getenv("PATH")}, Dir: w.sandbox}
}

func TestExecRunsBesideTheTask(t *testing.T) {
	w := newWorld(t)
	g := startWith(t, &os.Stdin, w.config("data"))
	w.sh(t, g, "echo here > data/file; touch up; sleep 1000")
	w.waitFile(t, "up")
	script := "grep -q here data/file && cut -d' ' -f1,6 /proc/$$/stat > session && ls /proc/self/fd > fds && " +
		"readlink /proc/self/fd/0 > input && cat /proc/[0-9]*/cmdline | tr '\\0' ' ' > processes; exit 3"
	status, err := g.Exec(deadline(t), w.command(script))
	if err != nil || status.ExitStatus() != 3 {
		t.Fatalf("Exec = %#x, %v", status, err)
	}
	if session := strings.Fields(w.file(t, "session")); session[0] != session[1] {
		t.Errorf("process %s is in session %s", session[0], session[1])
	}
	if fds := strings.Join(strings.Fields(w.file(t, "fds")), " "); fds != "0 1 2 3" {
		t.Errorf("open descriptors: %s", fds)
	}
	if input := w.file(t, "input"); input != "/dev/null\n" {
		t.Errorf("standard input is %s", input)
	}
	if processes := w.file(t, "processes"); !strings.Contains(processes, "flocker-guard") || !strings.Contains(processes, "sleep 1000") {
		t.Errorf("the command sees the processes\n%s", processes)
	}
}

// startWith starts a guard whose standard file is one in the sandbox.
func startWith(t *testing.T, standard **os.File, c guard.Config) *guard.Guard {
	t.Helper()
	file, err := os.Create(filepath.Join(c.Sandbox, "given"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	own := *standard
	*standard = file
	defer func() { *standard = own }()
	return start(t, c)
}

// What a command writes goes where the executor's own errors go.
func TestExecWritesToStandardError(t *testing.T) {
	w := newWorld(t)
	g := startWith(t, &os.Stderr, w.config("data"))
	w.sh(t, g, "sleep 1000")
	if _, err := g.Exec(deadline(t), w.command("echo out; echo err >&2")); err != nil {
		t.Fatal(err)
	}
	if text := w.file(t, "given"); text != "out\nerr\n" {
		t.Errorf("standard error has %q", text)
	}
}

func TestExecSeveralAtOnce(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, "sleep 1000")
	// Each waits for the others to have begun.
	script := "touch began-%d; while [ $(ls began-* | wc -l) -lt 5 ]; do sleep 0.01; done; exit %d"
	var all sync.WaitGroup
	for n := range 5 {
		all.Go(func() {
			status, err := g.Exec(deadline(t), w.command(fmt.Sprintf(script, n, n)))
			if err != nil || status.ExitStatus() != n {
				t.Errorf("command %d: %#x, %v", n, status, err)
			}
		})
	}
	all.Wait()
}

// brood are commands that have more than one process when they say so.
var brood = map[string]string{
	"children":         "sleep 2000 & touch began; wait",
	"another session":  "setsid sh -c 'touch began; sleep 2000; true' & wait",
	"orphans":          "(sleep 2000 & sleep 2000 & touch began) & wait; sleep 2000",
	"ignores signals":  "trap '' TERM HUP INT; sleep 2000 & touch began; while :; do wait; done",
	"stopped":          "sleep 2000 & touch began; kill -STOP $$",
	"a family":         "for i in 1 2 3 4 5; do (for j in 1 2 3 4 5; do sleep 2000 & done; wait) & done; touch began; wait",
	"forks for ever":   "touch began; while :; do sleep 2000 & n=$((n+1)); [ $n -lt 300 ] || wait; done",
	"its leader is no": "sleep 2000 & touch began; exec sleep 2000",
}

func TestExecIsKilledWithAllItForked(t *testing.T) {
	for name, script := range brood {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			g := start(t, w.config("data"))
			w.sh(t, g, "sleep 1000; true")
			cause := errors.New("the check took too long")
			ctx, cancel := context.WithCancelCause(deadline(t))
			done := make(chan error)
			go func() {
				_, err := g.Exec(ctx, w.command(script))
				done <- err
			}()
			w.waitFile(t, "began")
			cancel(cause)
			if err := <-done; !errors.Is(err, cause) {
				t.Errorf("Exec = %v", err)
			}
			// The guard, the task's shell and its sleep.
			eventually(t, "only the task is left", func() bool { return len(members(t, g.Identity().PIDNamespace)) == 3 })
		})
	}
}

func TestExecNeedsARunningTask(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	refused := func(want string) {
		t.Helper()
		if _, err := g.Exec(deadline(t), w.command("true")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Exec = %v, want %q", err, want)
		}
	}
	refused("the task has not been started")
	w.sh(t, g, "true")
	exit(t, g)
	refused("the task has ended")
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	refused("the guard died")
}

func TestExecSaysWhyACommandDoesNotStart(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, "sleep 1000")
	_, err := g.Exec(deadline(t), guard.Task{Argv: []string{"nothing-of-that-name"}, Dir: w.sandbox})
	var failure *guard.ExecError
	if !errors.As(err, &failure) || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("Exec = %v", err)
	}
	if _, err := g.Exec(deadline(t), w.command("true")); err != nil {
		t.Errorf("Exec after a failure: %v", err)
	}
}

func TestExecEndsWithTheGuard(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, "sleep 1000")
	done := make(chan error)
	go func() {
		_, err := g.Exec(deadline(t), w.command("touch began; sleep 2000"))
		done <- err
	}()
	w.waitFile(t, "began")
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "the guard died") {
		t.Errorf("Exec = %v", err)
	}
}
