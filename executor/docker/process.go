package docker

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// process is a container's first process, as this process sees it. A nil one is
// out of sight: it never ends and cannot be killed.
type process struct {
	file *os.File // pidfd
	end  chan struct{}
}

// openProcess opens the process of a container. The engine may count processes
// in another PID namespace, so the process must be in the container's cgroup. Its
// end is watched for by a goroutine that close joins. The error is ESRCH if it has
// ended.
func openProcess(pid int, container string) (*process, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("open process %d of the container: %w", pid, err)
	}
	_ = unix.SetNonblock(fd, true) // cannot fail; PIDFD_NONBLOCK is younger than pidfd_open
	p := &process{file: os.NewFile(uintptr(fd), "pidfd"), end: make(chan struct{})}
	if err := belongs(pid, container); err != nil {
		if hasEnded(uintptr(fd)) {
			err = unix.ESRCH // whose cgroup tells nothing
		}
		_ = p.file.Close() // nothing was written
		return nil, err
	}
	go p.watch()
	return p, nil
}

// belongs is asked with the process held by a pidfd, or at a time when it is
// known to live, so that its number means it.
func belongs(pid int, container string) error {
	cgroup, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return fmt.Errorf("whose process %d is: %w", pid, err)
	}
	if !bytes.Contains(cgroup, []byte(container)) {
		return fmt.Errorf("%w: process %d is not in the container's cgroup; is the engine in another PID namespace?", ErrHidden, pid)
	}
	return nil
}

// watch closes end when the process has ended or close is called.
func (p *process) watch() {
	defer close(p.end)
	conn, err := p.file.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(hasEnded) // it ends with the process or the file
}

func hasEnded(pidfd uintptr) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 0)
	return err == nil && n > 0
}

// ended is closed when the process has ended.
func (p *process) ended() <-chan struct{} {
	if p == nil {
		return nil
	}
	return p.end
}

func (p *process) kill() {
	if p == nil {
		return
	}
	conn, err := p.file.SyscallConn()
	if err != nil {
		return // closed: it has ended
	}
	_ = conn.Control(func(fd uintptr) { _ = unix.PidfdSendSignal(int(fd), unix.SIGKILL, nil, 0) }) // gone is as good
}

func (p *process) close() {
	if p == nil {
		return
	}
	_ = p.file.SetReadDeadline(time.Unix(1, 0)) // wakes watch
	_ = p.file.Close()                          // nothing was written
	<-p.end
}
