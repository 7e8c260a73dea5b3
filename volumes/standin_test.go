package volumes_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// standIn is a container without an engine: process 1 of a PID namespace, in a
// mount namespace with private binds of its volumes and nothing else of the
// storage root. Nobody is its parent for long, so that it outlives its executor.
// What an engine would know of it is a file, by which it is removed.
type standIn struct {
	dir    string // of the world
	name   string
	script string
	exited chan syscall.WaitStatus
	// bind, if not nil, changes what is bound; at is told of each step.
	bind  func(*volumes.BodyBind)
	at    func(step string)
	binds []volumes.BodyBind
}

func newStandIn(dir, name, script string) *standIn {
	return &standIn{dir: dir, name: name, script: script, exited: make(chan syscall.WaitStatus, 1)}
}

func (s *standIn) Name() string   { return s.name }
func (s *standIn) Engine() string { return engineSocket(s.dir) }

func engineSocket(dir string) string { return filepath.Join(dir, "engine") }

func containerFile(dir, name string) string { return filepath.Join(dir, "container-"+name) }

func (s *standIn) step(name string) {
	if s.at != nil {
		s.at(name)
	}
}

func (s *standIn) Create(_ context.Context, binds []volumes.BodyBind) error {
	s.step("create")
	s.binds = append(s.binds, binds...)
	for i := range s.binds {
		if s.bind != nil {
			s.bind(&s.binds[i])
		}
	}
	return os.WriteFile(containerFile(s.dir, s.name), nil, 0o600)
}

// Start returns when the container's own program runs.
func (s *standIn) Start(context.Context) (int, error) {
	s.step("start")
	script := "mount --make-rprivate /\n"
	for _, b := range s.binds {
		script += fmt.Sprintf("mkdir -p %[2]s; mount --bind %[1]s %[2]s; umount -l %[1]s 2>/dev/null || true\n", b.Source, b.Path)
		if b.ReadOnly {
			script += fmt.Sprintf("mount -o remount,ro,bind %s\n", b.Path)
		}
	}
	script += "cd " + mapped(s.dir) + "\necho ready\nexec >&- 2>&-\n" + s.script
	cmd := exec.Command("sh", "-ec", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID, Setsid: true}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid := cmd.Process.Pid
	if err := os.WriteFile(containerFile(s.dir, s.name), []byte(strconv.Itoa(pid)), 0o600); err != nil {
		return 0, err
	}
	if _, err := out.Read(make([]byte, 6)); err != nil {
		return 0, fmt.Errorf("the stand-in does not start: %w", errors.Join(err, cmd.Wait()))
	}
	go func() {
		_ = cmd.Wait()
		s.exited <- cmd.ProcessState.Sys().(syscall.WaitStatus)
		close(s.exited)
	}()
	return pid, nil
}

func (s *standIn) Signal(sig syscall.Signal) error {
	data, err := os.ReadFile(containerFile(s.dir, s.name))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(string(data))
	if err != nil {
		return err
	}
	return unix.Kill(pid, sig)
}

func (s *standIn) Exited() <-chan syscall.WaitStatus { return s.exited }

func (s *standIn) Remove(ctx context.Context) error {
	return cluster{s.dir}.removeContainer(ctx, s.Engine(), s.name)
}

// removeContainer is what an engine does, unless the world's file "away" says
// that there is none.
func (c cluster) removeContainer(_ context.Context, engine, name string) error {
	if engine != engineSocket(c.dir) {
		return fmt.Errorf("there is no engine %s", engine)
	}
	if _, err := os.Stat(filepath.Join(c.dir, "away")); err == nil {
		return errors.New("the engine is away")
	}
	data, err := os.ReadFile(containerFile(c.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
		if err := killed(pid); err != nil {
			return err
		}
	}
	c.change(func(s *state) { s.Log = append(s.Log, "remove "+name) })
	return os.Remove(containerFile(c.dir, name))
}

// killed kills process 1 of a namespace and waits for its end, and so for that of
// all in it.
func killed(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int((5 * time.Second).Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err == nil && n == 0:
			return errors.New("the container does not end")
		}
		return err
	}
}
