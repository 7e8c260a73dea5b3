package listener

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// ErrHidden says that the process is in another PID namespace, or has ended.
var ErrHidden = errors.New("its process cannot be seen from here")

// PID returns the process that answers at a unix socket, as this process's PID
// namespace numbers it. When process 1 made the socket, it is the process that
// process 1 has handed it on to, and process 1 itself if there is none. The error is
// ErrHidden if no process is to be seen; else the socket cannot be connected to.
func PID(ctx context.Context, socket string) (int, error) {
	pid, err := maker(ctx, socket)
	if err == nil && pid == 1 {
		pid, err = heir(socket)
	}
	if err != nil {
		return 0, fmt.Errorf("find who answers at %s: %w", socket, err)
	}
	return pid, nil
}

// maker is the process that began to listen at the socket.
func maker(ctx context.Context, socket string) (int, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // nothing was written
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var who *unix.Ucred
	failed := raw.Control(func(fd uintptr) { who, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	switch err = errors.Join(failed, err); {
	case err != nil:
		return 0, err
	case who.Pid == 0:
		return 0, fmt.Errorf("%w: it is in another PID namespace; a task with volumes needs an engine on the node itself", ErrHidden)
	}
	return int(who.Pid), nil
}
