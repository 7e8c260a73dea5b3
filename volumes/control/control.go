// Package control makes the sockets between an executor and the processes that
// it starts beside a task: guard and keeper.
package control

import (
	"os"

	"golang.org/x/sys/unix"
)

// Pair returns our end, which the poller can wait for, and the one to hand to
// the process called name. Neither is inherited by itself; the caller closes both.
func Pair(name string) (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), name), os.NewFile(uintptr(fds[1]), name+"'s end"), nil
}
