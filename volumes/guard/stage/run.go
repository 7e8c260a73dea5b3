package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// defaultPath is what execvp(3) searches when the environment has no PATH.
const defaultPath = "/bin:/usr/bin"

// run forks the task.
func (s *stage) run(t Task) Outcome {
	if s.task != 0 {
		return failed("", errors.New("a guard runs one task"))
	}
	failpoint.Hit("guard.stage.fork.before")
	pid, outcome := begin(t, []uintptr{0, 1, 2})
	if outcome.Error != "" {
		return outcome
	}
	s.task = pid
	go s.reap()
	failpoint.Hit("guard.stage.fork.after")
	return outcome
}

// begin forks a program into a session of its own, with the given standard
// descriptors and no others.
func begin(t Task, files []uintptr) (pid int, o Outcome) {
	if len(t.Argv) == 0 {
		return 0, failed("", errors.New("the command is empty"))
	}
	if info, err := os.Stat(t.Dir); err != nil {
		return 0, failed("", fmt.Errorf("working directory: %w", err))
	} else if !info.IsDir() {
		return 0, failed("", fmt.Errorf("working directory %s: %w", t.Dir, syscall.ENOTDIR))
	}
	program := lookup(t.Argv[0], t.Dir, t.Env)
	pid, err := fork(program, t.Argv, t, files)
	if errors.Is(err, syscall.ENOEXEC) {
		// As execvp(3) does, which is what Mesos uses.
		pid, err = fork("/bin/sh", append([]string{t.Argv[0], program}, t.Argv[1:]...), t, files)
	}
	if err != nil {
		return 0, failed(program, err)
	}
	return pid, Outcome{Program: program}
}

func failed(program string, err error) Outcome {
	o := Outcome{Program: program, Error: err.Error()}
	errors.As(err, &o.Errno)
	return o
}

func fork(program string, argv []string, t Task, files []uintptr) (int, error) {
	return syscall.ForkExec(program, argv, &syscall.ProcAttr{
		Dir:   t.Dir,
		Env:   t.Env,
		Files: files,
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}

// lookup finds a program as Mesos's launcher does (src/slave/containerizer/
// mesos/launch.cpp): one that is not absolute first in the working directory,
// then, without a slash, along PATH. What is not found is left for exec to say.
func lookup(name, dir string, env []string) string {
	if filepath.IsAbs(name) {
		return name
	}
	here := filepath.Join(dir, name)
	if executable(here) || strings.Contains(name, "/") {
		return here
	}
	for _, element := range filepath.SplitList(searchPath(env)) {
		if !filepath.IsAbs(element) {
			element = filepath.Join(dir, element)
		}
		if file := filepath.Join(element, name); executable(file) {
			return file
		}
	}
	return here
}

func searchPath(env []string) string {
	for _, variable := range env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			return value
		}
	}
	return defaultPath
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
