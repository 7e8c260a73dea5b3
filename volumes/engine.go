package volumes

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// seen checks that the engine behind a socket finds every dataset where this
// process does. What the engine does not see it would make a directory for, or
// refuse in words that nobody understands.
func seen(ctx context.Context, engine string, vols []*holding) error {
	if len(vols) == 0 {
		return nil
	}
	pid, err := peer(ctx, engine)
	if err != nil {
		return fmt.Errorf("container engine %s: %w", engine, err)
	}
	for _, v := range vols {
		view, err := mounts.ViewOf(pid, v.mount.Point)
		if err == nil && (view.Device != v.mount.Device || view.Subtree != v.mount.Subtree) {
			err = errors.New("it finds another filesystem there")
		}
		if err != nil {
			return v.fail(ctx, "start task with", fmt.Errorf("the container engine behind %s (process %d) does not see the dataset at %s, "+
				"because it is in another mount namespace: run it in the storage agent's, or make the storage root shared "+
				"(mount --make-rshared) before it starts: %w", engine, pid, v.mount.Point, err))
		}
	}
	return nil
}

// peer is the process that listens on a socket. A service manager may have
// opened the socket for the engine; then it is that one.
func peer(ctx context.Context, socket string) (int, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // nothing was sent
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var who *unix.Ucred
	failed := raw.Control(func(fd uintptr) { who, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err = errors.Join(failed, err); err != nil {
		return 0, err
	}
	if who.Pid == 0 {
		return 0, errors.New("the engine is not seen from here, for it is in another PID namespace: a task with volumes needs one on the node itself")
	}
	return int(who.Pid), nil
}
