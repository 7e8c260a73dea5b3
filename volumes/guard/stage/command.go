package stage

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// runCommand forks a command beside the task. An error means that the executor
// cannot be reached.
func (s *stage) runCommand(c Command) error {
	pid, outcome := s.beginCommand(c.Task)
	if outcome.Error != "" {
		return s.report(Report{Ended: &Ended{ID: c.ID, Failed: &outcome}})
	}
	s.commands[pid] = c.ID
	return nil
}

// beginCommand gives a command no input, and what it says to the executor's
// standard error.
func (s *stage) beginCommand(t Task) (pid int, o Outcome) {
	if s.task == 0 {
		return 0, failed("", errors.New("the task has not been started"))
	}
	if s.over {
		return 0, failed("", errors.New("the task has ended"))
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, failed("", fmt.Errorf("open /dev/null: %w", err))
	}
	defer unix.Close(null)
	output, err := s.outputs(t, 2, 2)
	if err != nil {
		return 0, failed("", err)
	}
	defer output.close()
	return s.begin(t, []uintptr{uintptr(null), output.stdout, output.stderr})
}

// abort kills a command and all it forked. One that has ended by itself has been
// reported.
func (s *stage) abort(id uint64) error {
	for pid, known := range s.commands {
		if known != id {
			continue
		}
		killTree(pid)
		delete(s.commands, pid)
		return s.report(Report{Ended: &Ended{ID: id, Aborted: true, Status: syscall.WaitStatus(unix.SIGKILL)}})
	}
	return nil
}
