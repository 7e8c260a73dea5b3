package stage

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// run forks the task.
func (s *stage) run(t Task) Outcome {
	if s.task != 0 {
		return failed("", errors.New("a guard runs one task"))
	}
	failpoint.Hit("guard.stage.fork.before")
	pid, outcome := s.runTask(t)
	if outcome.Error != "" {
		return outcome
	}
	s.task = pid
	go s.reap()
	failpoint.Hit("guard.stage.fork.after")
	return outcome
}

// runTask gives the task the executor's standard descriptors, or a terminal, or
// its own files.
func (s *stage) runTask(t Task) (pid int, o Outcome) {
	output, err := s.outputs(t, 1, 2)
	if err != nil {
		return 0, failed("", err)
	}
	defer output.close()
	if t.TTY == nil {
		return s.begin(t, []uintptr{0, output.stdout, output.stderr})
	}
	tty, slave, err := openTerminal(t, output.stdout)
	if err != nil {
		return 0, failed("", fmt.Errorf("make a terminal: %w", err))
	}
	defer unix.Close(slave)
	pid, o = s.begin(t, []uintptr{uintptr(slave), uintptr(slave), uintptr(slave)})
	if o.Error != "" {
		tty.close()
		return pid, o
	}
	s.terminal = tty
	go tty.copy()
	return pid, o
}

// begin forks a program into a session of its own, with the given standard
// descriptors and no others. The working directory is entered here and not by
// the child, which may be a user who cannot find it: Mesos' launcher enters it
// before it changes the user (src/slave/containerizer/mesos/launch.cpp).
func (s *stage) begin(t Task, files []uintptr) (pid int, o Outcome) {
	if len(t.Argv) == 0 {
		return 0, failed("", errors.New("the command is empty"))
	}
	if err := s.enter(t); err != nil {
		return 0, failed("", fmt.Errorf("working directory %s: %w", t.Dir, err))
	}
	defer func() { _ = unix.Chdir("/") }()
	programs := lookup(cmp.Or(t.Program, t.Argv[0]), t.Dir, t.Env)
	if len(t.Limits) > 0 || t.Capabilities != nil || t.NoNewPrivs {
		return launch(programs, t, files)
	}
	return fork(programs, t, files)
}

func failed(program string, err error) Outcome {
	o := Outcome{Program: program, Error: err.Error()}
	errors.As(err, &o.Errno)
	return o
}

// fork tries one program after the other, each as the task's user sees it. As
// execvp(3) does, it goes on when one is missing or may not be run.
func fork(programs []string, t Task, files []uintptr) (pid int, o Outcome) {
	for i, program := range programs {
		pid, err := forkExec(program, t.Argv, t, files)
		if errors.Is(err, syscall.ENOEXEC) {
			pid, err = forkExec(shell, shellArguments(program, t.Argv), t, files)
		}
		if err == nil {
			return pid, Outcome{Program: program}
		}
		if i == 0 || !missing(err) {
			o = notStarted(program, t, err)
		}
		if !missing(err) && !errors.Is(err, syscall.EACCES) {
			break
		}
	}
	return 0, o
}

func forkExec(program string, argv []string, t Task, files []uintptr) (int, error) {
	attributes := &syscall.SysProcAttr{Setsid: true, Setctty: t.TTY != nil}
	if u := t.User; u != nil {
		attributes.Credential = &syscall.Credential{Uid: u.UID, Gid: u.GID, Groups: u.Groups}
	}
	return syscall.ForkExec(program, argv, &syscall.ProcAttr{Env: t.Env, Files: files, Sys: attributes})
}
