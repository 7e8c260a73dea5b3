package guard_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func TestTaskWritesIntoTheDataset(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("a/data"))
	w.sh(t, g, "echo hello > a/data/file; exit 3")
	if status := exit(t, g); status.ExitStatus() != 3 {
		t.Errorf("exit status %d, want 3", status.ExitStatus())
	}
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(w.mount.Point, "file"))
	if err != nil || string(data) != "hello\n" {
		t.Errorf("on the dataset: %q, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(w.sandbox, "a")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directories made for the bind are still there: %v", err)
	}
}

// limits prints what the Go runtime changes for itself and must put back.
const limits = "(ulimit -a; umask)"

// ignore ignores a signal until the end of the test.
func ignore(t *testing.T, sig uintptr) {
	t.Helper()
	type action struct {
		handler, flags, restorer uintptr
		mask                     uint64
	}
	ignored, before := action{handler: 1}, action{}
	set := func(act, old *action) {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, sig,
			uintptr(unsafe.Pointer(act)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(act.mask), 0, 0)
		if errno != 0 {
			t.Fatal(errno)
		}
	}
	set(&ignored, &before)
	t.Cleanup(func() { set(&before, &ignored) })
}

// What the task inherits must not depend on what the executor inherited: an
// open descriptor, an ignored or a blocked signal.
func TestTaskInheritsOnlyWhatItShould(t *testing.T) {
	w := newWorld(t)
	leak, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leak)
	signal.Ignore(syscall.SIGUSR1, syscall.SIGHUP)
	defer signal.Reset(syscall.SIGUSR1, syscall.SIGHUP)
	ignore(t, 32) // one of the C library's, out of reach of package signal
	g := start(t, w.config("data"))
	w.sh(t, g, "ls /proc/self/fd > fds; grep -E 'SigIgn|SigBlk' /proc/self/status > signals; env > environment; pwd > pwd; "+
		"cut -d' ' -f1,6 /proc/$$/stat > session; "+limits+" > limits")
	if status := exit(t, g); status != 0 {
		t.Errorf("wait status %#x", status)
	}
	// 3 is the directory that ls reads.
	if fds := strings.Fields(w.file(t, "fds")); strings.Join(fds, " ") != "0 1 2 3" {
		t.Errorf("open descriptors: %v", fds)
	}
	for line := range strings.Lines(w.file(t, "signals")) {
		if _, set, _ := strings.Cut(strings.TrimSpace(line), "\t"); set != "0000000000000000" {
			t.Errorf("the task starts with %s", line)
		}
	}
	for line := range strings.Lines(w.file(t, "environment")) {
		if name, _, _ := strings.Cut(line, "="); name != "PATH" && name != "PWD" {
			t.Errorf("environment has %s", line)
		}
	}
	if session := strings.Fields(w.file(t, "session")); session[0] != session[1] {
		t.Errorf("process %s is in session %s", session[0], session[1])
	}
	if own, err := exec.Command("sh", "-c", limits).Output(); err != nil || w.file(t, "limits") != string(own) {
		t.Errorf("limits and umask %q, want %q (%v)", w.file(t, "limits"), own, err)
	}
	if dir := strings.TrimSpace(w.file(t, "pwd")); dir != w.sandbox {
		t.Errorf("working directory %s", dir)
	}
}

func TestProgramIsLookedUpAsMesosDoes(t *testing.T) {
	w := newWorld(t)
	elsewhere := t.TempDir()
	program := func(dir, name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	program(w.sandbox, "both", "#!/bin/sh\nexit 11", 0o755)
	program(elsewhere, "both", "#!/bin/sh\nexit 12", 0o755)
	program(w.sandbox, "data-file", "no program", 0o644)
	program(elsewhere, "data-file", "#!/bin/sh\nexit 13", 0o755)
	program(w.sandbox, "no-interpreter", "exit 14", 0o755)
	for _, c := range []struct {
		program string
		status  int
	}{
		{"both", 11},
		{"./both", 11},
		{filepath.Join(elsewhere, "both"), 12},
		{"data-file", 13},
		{"no-interpreter", 14},
	} {
		g := start(t, guard.Config{Sandbox: w.sandbox})
		env := []string{"PATH=/nowhere:" + elsewhere}
		if err := g.Run(deadline(t), guard.Task{Argv: []string{c.program}, Env: env, Dir: w.sandbox}); err != nil {
			t.Errorf("%s: %v", c.program, err)
			continue
		}
		if status := exit(t, g); status.ExitStatus() != c.status {
			t.Errorf("%s: exit status %d, want %d", c.program, status.ExitStatus(), c.status)
		}
	}
}

func TestRunSaysWhyATaskDoesNotStart(t *testing.T) {
	sandbox := t.TempDir()
	if err := os.WriteFile(filepath.Join(sandbox, "plain"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	g := start(t, guard.Config{Sandbox: sandbox})
	for _, c := range []struct {
		task  guard.Task
		errno error
	}{
		{guard.Task{Argv: []string{"nothing-of-that-name"}, Dir: sandbox}, syscall.ENOENT},
		{guard.Task{Argv: []string{"./plain"}, Dir: sandbox}, syscall.EACCES},
		{guard.Task{Argv: []string{"/"}, Dir: sandbox}, syscall.EACCES},
		{guard.Task{Argv: []string{"sh"}, Dir: "/missing"}, syscall.ENOENT},
		{guard.Task{Argv: []string{"sh"}, Dir: filepath.Join(sandbox, "plain")}, syscall.ENOTDIR},
		{guard.Task{Dir: sandbox}, nil},
	} {
		err := g.Run(deadline(t), c.task)
		var failure *guard.ExecError
		if !errors.As(err, &failure) || c.errno != nil && !errors.Is(err, c.errno) {
			t.Errorf("Run(%q in %s) = %v, want %v", c.task.Argv, c.task.Dir, err, c.errno)
		}
	}
	task := guard.Task{Argv: []string{"true"}, Dir: sandbox}
	if err := g.Run(deadline(t), task); err != nil {
		t.Errorf("Run after failures: %v", err)
	}
	if err := g.Run(deadline(t), task); err == nil {
		t.Error("a second task was started")
	}
}
