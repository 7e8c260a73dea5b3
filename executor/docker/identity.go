package docker

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// PID returns the engine's process, in this process's PID namespace. The error is
// ErrHidden if it is in another.
func (e *Engine) PID() (int, error) {
	pid, err := listener(e.socket)
	if err != nil {
		return 0, fmt.Errorf("find the process of docker engine %s: %w", e.socket, err)
	}
	switch pid {
	case 0:
		return 0, fmt.Errorf("%w: its process at %s is in another PID namespace", ErrHidden, e.socket)
	case 1: // it made the socket and handed it on, as systemd does; or it is the engine
		return heir(e.socket)
	}
	return pid, nil
}

// listener returns who listens on a socket, 0 if its process is not to be seen.
func listener(socket string) (int, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // nothing was written
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if failed != nil {
		return 0, failed
	}
	return int(peer.Pid), nil
}

// heir returns the process that holds a listening socket that process 1 made.
func heir(socket string) (int, error) {
	inode, err := socketInode(socket)
	if err != nil {
		return 0, err
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is right
	held := 0
	for _, file := range files {
		if target, err := os.Readlink(file); err != nil || target != "socket:["+inode+"]" {
			continue // a process that is gone holds nothing
		}
		pid, err := strconv.Atoi(strings.Split(file, "/")[2])
		if err != nil {
			return 0, err
		}
		if held = pid; pid != 1 {
			return pid, nil
		}
	}
	if held == 0 {
		return 0, fmt.Errorf("%w: no process holds its socket %s", ErrHidden, socket)
	}
	return held, nil
}

// socketInode finds a listening socket in the kernel's table by its path.
func socketInode(socket string) (string, error) {
	table, err := os.Open("/proc/1/net/unix") // of process 1, which made it
	if err != nil {
		return "", err
	}
	defer func() { _ = table.Close() }() // only read
	real, err := filepath.EvalSymlinks(socket)
	if err != nil {
		return "", err
	}
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		// Num RefCount Protocol Flags Type St Inode Path; __SO_ACCEPTCON is 0x10000.
		f := strings.Fields(lines.Text())
		if len(f) == 8 && f[3] == "00010000" && same(f[7], real) {
			return f[6], nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", err
	}
	return "", fmt.Errorf("%w: process 1 does not listen at %s", ErrHidden, socket)
}

// same: /var/run is mostly a link to /run, and either may be said.
func same(path, real string) bool {
	evaluated, err := filepath.EvalSymlinks(path)
	return path == real || err == nil && evaluated == real
}

// Sees checks that the engine has the mount of device at mountpoint, on this node
// and in its own mount namespace. Else a container would be given an empty directory
// that looks like the dataset. The error is ErrHidden and says why.
func (e *Engine) Sees(mountpoint string, device uint64) error {
	pid, err := e.PID()
	if err != nil {
		return err
	}
	view, err := mounts.ViewOf(pid, mountpoint)
	if err != nil {
		return fmt.Errorf("%w: it is in a mount namespace without it: %w", ErrHidden, err)
	}
	if view.Device != device {
		return fmt.Errorf("%w: for the engine (process %d) device %#x is at %s, and not the dataset's %#x", ErrHidden, pid, view.Device, mountpoint, device)
	}
	return nil
}
