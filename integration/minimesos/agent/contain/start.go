package contain

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Container is one executor's processes, as seen by the agent.
type Container struct {
	spec  Spec
	pid   int
	pidfd int       // -1: the helper is gone
	cmd   *exec.Cmd // nil after recovery: somebody else reaps the helper
	gate  *os.File  // nil once opened or shut
	kill  chan struct{}
	once  sync.Once // closes kill
}

// Start makes the container's directory and a helper in it that waits for Open.
// The sandbox must exist. The caller ends the container with Wait, whatever
// happens in between.
func Start(s Spec) (*Container, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	c := &Container{spec: s, pidfd: -1, kill: make(chan struct{})}
	if err := c.launch(); err != nil {
		return nil, errors.Join(fmt.Errorf("start container %s: %w", filepath.Base(s.Dir), err), c.abort())
	}
	return c, nil
}

func (c *Container) launch() error {
	files, err := openFiles(c.spec)
	if err != nil {
		return err
	}
	defer files.close()
	gateRead, gateWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	defer gateRead.Close()
	c.gate = gateWrite
	c.cmd = &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{helperName, helperVerb}, Env: []string{}, Dir: "/",
		Stdin: os.Stdin, Stdout: files.stdout, Stderr: files.stderr,
		ExtraFiles:  []*os.File{gateRead, files.status},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Cloneflags: cloneFlags(c.spec)},
	}
	if err := c.cmd.Start(); err != nil {
		c.cmd = nil
		return err
	}
	c.pid = c.cmd.Process.Pid
	if c.pidfd, err = unix.PidfdOpen(c.pid, 0); err != nil {
		return fmt.Errorf("pidfd of %d: %w", c.pid, err)
	}
	return c.introduce()
}

// introduce records the helper on disk and tells it what to run.
func (c *Container) introduce() error {
	stat, err := readStat(c.pid)
	if err != nil {
		return err
	}
	c.spec.StartTicks = stat.start
	if err := os.WriteFile(filepath.Join(c.spec.Dir, fileConfig), c.spec.Config, 0o600); err != nil {
		return err
	}
	if err := writeLaunchInfo(c.spec); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.spec.Dir, filePID), []byte(strconv.Itoa(c.pid)), 0o600); err != nil {
		return err
	}
	if c.spec.hasCgroup() {
		if err := openCgroup(c.spec.Cgroup).add(c.pid); err != nil {
			return fmt.Errorf("make the container's cgroup: %w", err)
		}
	}
	return json.NewEncoder(c.gate).Encode(c.spec)
}

func (c *Container) abort() error {
	if c.gate != nil {
		c.gate.Close()
	}
	if c.cmd == nil {
		return nil
	}
	err := c.cmd.Process.Kill()
	c.cmd.Wait() //nolint:errcheck // it was killed: that is the error
	if c.pidfd >= 0 {
		unix.Close(c.pidfd)
	}
	if c.spec.hasCgroup() {
		err = errors.Join(err, openCgroup(c.spec.Cgroup).destroy())
	}
	return err
}

func cloneFlags(s Spec) uintptr {
	switch {
	case s.Isolation != Linux:
		return 0
	case s.SharePID:
		return unix.CLONE_NEWNS
	}
	return unix.CLONE_NEWNS | unix.CLONE_NEWPID
}

// PID is the helper's, which statuses show as executor_pid.
func (c *Container) PID() int { return c.pid }

// Open lets the helper start the executor. To be called at most once.
func (c *Container) Open() error {
	_, err := c.gate.Write([]byte("go\n"))
	return errors.Join(err, c.Shut())
}

// Shut lets go of the helper. One that was not told to start says so in the
// sandbox's stderr and exits with 1. May be repeated.
func (c *Container) Shut() error {
	if c.gate == nil {
		return nil
	}
	err := c.gate.Close()
	c.gate = nil
	return err
}

// Remove deletes the container's directory. Only after Wait.
func (c *Container) Remove() error { return os.RemoveAll(c.spec.Dir) }

type containerFiles struct{ stdout, stderr, status *os.File }

func (f containerFiles) close() {
	for _, file := range []*os.File{f.stdout, f.stderr, f.status} {
		if file != nil {
			file.Close()
		}
	}
}

func openFiles(s Spec) (containerFiles, error) {
	var f containerFiles
	var err error
	if f.stdout, err = appendTo(filepath.Join(s.Sandbox, "stdout")); err != nil {
		return f, err
	}
	if f.stderr, err = appendTo(filepath.Join(s.Sandbox, "stderr")); err != nil {
		f.close()
		return f, err
	}
	f.status, err = os.OpenFile(filepath.Join(s.Dir, fileStatus), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		f.close()
	}
	return f, err
}

func appendTo(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}
