package guard_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// nobody is a user whom the machine need not know.
var nobody = guard.User{UID: 4321, GID: 5432, Groups: []uint32{5432, 7654}}

// newUserWorld is a world whose sandbox the user owns.
func newUserWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	for dir := w.sandbox; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(w.sandbox, int(nobody.UID), int(nobody.GID)); err != nil {
		t.Fatal(err)
	}
	return w
}

// run starts a task and waits for its end.
func (w *world) run(t *testing.T, g *guard.Guard, task guard.Task) {
	t.Helper()
	if err := g.Run(deadline(t), task); err != nil {
		t.Fatal(err)
	}
	if status := exit(t, g); status != 0 {
		t.Errorf("wait status %#x", status)
	}
}

// asked are the two ways a task is forked.
var asked = map[string]func(*guard.Task){
	"as it is":              func(*guard.Task) {},
	"through a third step":  func(t *guard.Task) { t.Limits = []guard.Limit{{Resource: unix.RLIMIT_CORE}} },
	"with a terminal":       func(t *guard.Task) { t.TTY = &guard.TTY{} },
	"with both":             func(t *guard.Task) { t.TTY, t.NoNewPrivs = &guard.TTY{}, true },
	"with capabilities too": func(t *guard.Task) { t.Capabilities = &guard.Capabilities{Effective: []int{}} },
}

func TestTaskRunsAsItsUser(t *testing.T) {
	for name, ask := range asked {
		t.Run(name, func(t *testing.T) {
			w := newUserWorld(t)
			g := start(t, w.config("data"))
			task := w.command("id -u > id; id -g >> id; id -G >> id; grep -E '^(SigIgn|SigBlk|CapEff|CapPrm|CapAmb)' /proc/self/status > status; " +
				"ls /proc/self/fd > fds; cut -d' ' -f1,6 /proc/$$/stat > session; stat -c %u:%g id > owner")
			task.User = &nobody
			ask(&task)
			w.run(t, g, task)
			if id := strings.Fields(w.file(t, "id")); strings.Join(id, " ") != "4321 5432 5432 7654" {
				t.Errorf("user, group and groups are %v", id)
			}
			for line := range strings.Lines(w.file(t, "status")) {
				if _, set, _ := strings.Cut(strings.TrimSpace(line), "\t"); set != "0000000000000000" {
					t.Errorf("the task starts with %s", line)
				}
			}
			if fds := strings.Join(strings.Fields(w.file(t, "fds")), " "); fds != "0 1 2 3" {
				t.Errorf("open descriptors: %s", fds)
			}
			if session := strings.Fields(w.file(t, "session")); session[0] != session[1] {
				t.Errorf("process %s is in session %s", session[0], session[1])
			}
		})
	}
}

// The guard is root and the task's user can do nothing to it.
func TestUserCannotReachTheGuard(t *testing.T) {
	w := newUserWorld(t)
	g := start(t, w.config("data"))
	task := w.command("for s in 0 STOP KILL TERM CONT; do kill -$s 1 && echo signal $s; done; " +
		"ls /proc/1/fd && echo fd; cat /proc/1/environ && echo environ; readlink /proc/1/exe && echo exe; " +
		"cat /proc/1/cmdline | tr '\\0' ' '; echo; ls -d /proc/[0-9]* | wc -l")
	task.User, task.Stdout = &nobody, filepath.Join(w.sandbox, "out")
	task.Stderr = filepath.Join(w.sandbox, "refusals")
	w.run(t, g, task)
	// The shell, ls and wc beside the guard: nothing of the node.
	if out := w.file(t, "out"); !strings.HasPrefix(out, "flocker-guard \n") {
		t.Errorf("the task could\n%s", out)
	} else if n, err := strconv.Atoi(strings.Fields(out)[1]); err != nil || n > 4 {
		t.Errorf("the task sees processes:\n%s", out)
	}
}

func TestProgramsAreLookedUpAsTheUserSeesThem(t *testing.T) {
	for name, ask := range asked {
		t.Run(name, func(t *testing.T) {
			w := newUserWorld(t)
			closed, open := filepath.Join(t.TempDir(), "closed"), t.TempDir()
			for _, err := range []error{
				os.Chmod(filepath.Dir(closed), 0o755), os.Chmod(open, 0o755), os.Chmod(filepath.Dir(open), 0o755),
				os.Mkdir(closed, 0o700),
				os.WriteFile(filepath.Join(closed, "tool"), []byte("#!/bin/sh\nexit 1"), 0o755),
				os.WriteFile(filepath.Join(w.sandbox, "tool"), []byte("#!/bin/sh\nexit 2"), 0o700),
				os.WriteFile(filepath.Join(open, "tool"), []byte("exit 0"), 0o755),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			task := guard.Task{Argv: []string{"tool"}, Env: []string{"PATH=" + closed + ":" + open}, Dir: w.sandbox, User: &nobody}
			ask(&task)
			w.run(t, start(t, w.config("data")), task)
			g := start(t, w.config("more"))
			for program, want := range map[string]string{
				filepath.Join(closed, "tool"): "permission denied to user 4321, who may not search directory " + closed,
				"./tool":                      "permission denied to user 4321",
			} {
				task.Argv = []string{program}
				err := g.Run(deadline(t), task)
				var failure *guard.ExecError
				if !errors.As(err, &failure) || !errors.Is(err, syscall.EACCES) || !strings.HasSuffix(err.Error(), want) {
					t.Errorf("Run(%s) = %v, want %q", program, err, want)
				}
			}
			task.Argv = []string{"nothing-of-that-name"}
			if err := g.Run(deadline(t), task); !errors.Is(err, syscall.ENOENT) {
				t.Errorf("Run = %v", err)
			}
		})
	}
}

// The launcher of Mesos enters the working directory before it changes the user.
func TestWorkingDirectory(t *testing.T) {
	w := newUserWorld(t)
	closed := filepath.Join(t.TempDir(), "closed")
	inside := filepath.Join(closed, "inside")
	for _, err := range []error{
		os.Mkdir(closed, 0o700), os.Mkdir(inside, 0o700), os.Chown(inside, int(nobody.UID), int(nobody.GID)),
		os.Symlink(closed, filepath.Join(w.sandbox, "link")), os.Chown(w.sandbox, 0, 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{
		inside:                             "",
		filepath.Join(w.sandbox, "a/b"):    "",
		filepath.Join(w.sandbox, "a/../b"): "",
		filepath.Join(w.sandbox, "link/x"): "link is a symbolic link",
		filepath.Join(closed, "missing"):   "no such file or directory",
	} {
		g := start(t, guard.Config{Sandbox: w.sandbox})
		task := w.command("touch here && [ $(stat -c %u .) = 4321 ]")
		task.User, task.Dir = &nobody, dir
		err := g.Run(deadline(t), task)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("in %s: %v, want %q", dir, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("in %s: %v", dir, err)
		} else if status := exit(t, g); status != 0 {
			t.Errorf("in %s: wait status %#x", dir, status)
		}
		if _, err := os.Stat(filepath.Join(dir, "here")); err != nil {
			t.Error(err)
		}
		if own, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", g.Identity().Pid)); err != nil || own != "/" {
			t.Errorf("the guard stays in %s, %v", own, err)
		}
	}
}
