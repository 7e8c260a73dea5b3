package contain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Recover finds a container that an earlier agent started. One that has ended
// meanwhile is returned too: its Wait returns at once. A pid that now belongs to
// another process counts as ended.
func Recover(dir string) (*Container, error) {
	spec, err := readLaunchInfo(dir)
	if err != nil {
		return nil, fmt.Errorf("recover container: %w", err)
	}
	pid, err := readPID(dir)
	if err != nil {
		return nil, fmt.Errorf("recover container: %w", err)
	}
	c := &Container{spec: spec, pid: pid, pidfd: -1, kill: make(chan struct{})}
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recover container: pidfd of %d: %w", pid, err)
	}
	stat, err := readStat(pid)
	if err != nil || stat.start != spec.StartTicks {
		unix.Close(fd)
		return c, nil
	}
	c.pidfd = fd
	return c, nil
}

// Alive says whether the helper was still there when the container was found.
func (c *Container) Alive() bool { return c.pidfd >= 0 }

// Isolation is the kind the container was started with.
func (c *Container) Isolation() string { return c.spec.Isolation }

// Forget lets go of a recovered container without touching its processes.
func (c *Container) Forget() {
	if c.pidfd >= 0 {
		unix.Close(c.pidfd)
		c.pidfd = -1
	}
}

func readPID(dir string) (int, error) {
	path := filepath.Join(dir, filePID)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("decode %s: %q is no pid", path, text)
	}
	return pid, nil
}
