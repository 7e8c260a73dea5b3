package contain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Wait returns when the container has ended and nothing that dies with it is
// left: the helper is gone, the rest killed, the status read. The status is
// Mesos': a wait status, 256256 for a program that does not exist, 9 when the
// helper was killed (recorded: executor_exits, launch_failures). When ctx ends
// first the container is left alone and the error is ctx's. Call it once.
func (c *Container) Wait(ctx context.Context) (int, error) {
	if c.pidfd >= 0 {
		defer func() { unix.Close(c.pidfd); c.pidfd = -1 }()
		if err := c.helperGone(ctx); err != nil {
			return 0, errors.Join(err, c.Shut())
		}
	}
	err := errors.Join(c.Shut(), c.endRest())
	status, statusErr := readStatus(c.spec.Dir)
	return status, errors.Join(err, statusErr)
}

// helperGone waits for the helper's end and does what Kill asks for meanwhile:
// here, because only here it is sure that the pid still is the helper's.
func (c *Container) helperGone(ctx context.Context) error {
	gone := make(chan error, 1)
	go func() { gone <- pollIn(ctx, c.pidfd) }()
	kill := c.kill
	var failed error
	for {
		select {
		case err := <-gone:
			return errors.Join(err, failed)
		case <-kill:
			kill = nil
			failed = c.killAll()
		}
	}
}

// Kill asks Wait to end the container at once, as the agent's destroy does:
// posix, every process of the executor's tree and of the sessions and groups it
// touches; linux, everything in its cgroup and PID namespace. May be called at any time, from any goroutine.
func (c *Container) Kill() { c.once.Do(func() { close(c.kill) }) }

// endRest kills what is left of the helper's session, with what that has started,
// and reaps the helper, in this order, so that nobody else can have its number. In a PID namespace nothing is
// left; in a cgroup there may be.
func (c *Container) endRest() error {
	var err error
	if c.spec.Isolation == Posix {
		err = errors.Join(killTree(c.pid), killSession(c.pid))
	}
	if c.cmd != nil {
		c.cmd.Wait() //nolint:errcheck // what the helper wrote counts, not how it ended
	}
	if c.spec.hasCgroup() {
		err = errors.Join(err, openCgroup(c.spec.Cgroup).destroy())
	}
	return err
}

func (c *Container) killAll() error {
	if c.spec.Isolation == Posix {
		return killTree(c.pid)
	}
	if c.spec.hasCgroup() {
		return openCgroup(c.spec.Cgroup).kill()
	}
	if err := unix.Kill(c.pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill helper %d: %w", c.pid, err)
	}
	return nil
}

// readStatus: an empty file is a helper that was killed.
func readStatus(dir string) (int, error) {
	path := filepath.Join(dir, fileStatus)
	text, err := os.ReadFile(path)
	if err != nil {
		return -1, err
	}
	if len(text) == 0 {
		return int(unix.SIGKILL), nil
	}
	status, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return -1, fmt.Errorf("decode %s: %w", path, err)
	}
	return status, nil
}

// pollIn waits until fd is readable or ctx ends.
func pollIn(ctx context.Context, fd int) error {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		unix.Write(wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) //nolint:errcheck // eight bytes into an eventfd
	})
	defer func() {
		if !stop() {
			<-woken
		}
		unix.Close(wake)
	}()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(wake), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("poll: %w", err)
		case fds[0].Revents != 0:
			return nil
		default:
			return context.Cause(ctx)
		}
	}
}
