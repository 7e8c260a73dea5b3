package stage

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is the guard's side of the task's terminal. What the task writes is
// copied to its standard output, and nobody ever types anything: Mesos has an
// I/O switchboard there, which a client can attach to.
type terminal struct {
	master  *os.File
	output  int // a descriptor of its own
	flushed chan struct{}
	done    chan struct{}
}

// flushTimeout bounds the wait for a slow reader of the task's output.
const flushTimeout = time.Second

// openTerminal makes a terminal of the size and for the user that t says; the
// caller closes the task's side.
func openTerminal(t Task, output uintptr) (tty *terminal, slave int, err error) {
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, -1, fmt.Errorf("open /dev/ptmx: %w", err)
	}
	if slave, err = openSlave(master, t); err != nil {
		unix.Close(master)
		return nil, -1, err
	}
	copied, err := unix.FcntlInt(output, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		unix.Close(master)
		unix.Close(slave)
		return nil, -1, err
	}
	return &terminal{
		master: os.NewFile(uintptr(master), "terminal"), output: copied,
		flushed: make(chan struct{}, 1), done: make(chan struct{}),
	}, slave, nil
}

// openSlave opens the task's side, of whatever devpts the master is in.
func openSlave(master int, t Task) (int, error) {
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return -1, os.NewSyscallError("unlock", err)
	}
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return -1, os.NewSyscallError("open its other side", errno)
	}
	slave := int(peer)
	var err error
	if t.TTY.Rows != 0 || t.TTY.Columns != 0 {
		err = unix.IoctlSetWinsize(slave, unix.TIOCSWINSZ, &unix.Winsize{Row: t.TTY.Rows, Col: t.TTY.Columns})
	}
	if err == nil && t.User != nil {
		err = unix.Fchown(slave, int(t.User.UID), -1)
	}
	if err != nil {
		unix.Close(slave)
		return -1, err
	}
	return slave, nil
}

func (t *terminal) close() {
	_ = t.master.Close()
	unix.Close(t.output)
}

// copy copies the task's output until nobody has the terminal open.
func (t *terminal) copy() {
	defer close(t.done)
	defer t.close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := t.master.Read(buffer)
		t.write(buffer[:n])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			t.drain(buffer)
			_ = t.master.SetReadDeadline(time.Time{})
			t.flushed <- struct{}{}
		case err != nil:
			return
		}
	}
}

// drain copies what is there and does not wait for more.
func (t *terminal) drain(buffer []byte) {
	raw, err := t.master.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		for {
			n, err := unix.Read(int(fd), buffer)
			if err != nil || n == 0 {
				return
			}
			t.write(buffer[:n])
		}
	})
}

// write drops what cannot be written: a full disk is no reason to stop the task.
func (t *terminal) write(data []byte) {
	for len(data) > 0 {
		n, err := unix.Write(t.output, data)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		data = data[max(n, 0):]
	}
}

// flush returns when all that the task has written is copied.
func (t *terminal) flush() {
	_ = t.master.SetReadDeadline(time.Unix(1, 0))
	select {
	case <-t.flushed:
	case <-t.done:
	case <-time.After(flushTimeout):
	}
}
