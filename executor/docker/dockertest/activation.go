package dockertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
)

// host is where dockerd is to answer.
func (e *Engine) host() string {
	if e.options.Activated {
		return "fd://"
	}
	return "unix://" + e.Socket
}

// handOn gives dockerd the socket that this process listens at, as a service manager
// does (sd_listen_fds(3)): file 3, and the number of the process that it is meant for.
func (e *Engine) handOn(dockerd *exec.Cmd) (*exec.Cmd, error) {
	if !e.options.Activated {
		return dockerd, nil
	}
	socket, err := e.listen()
	if err != nil {
		return nil, fmt.Errorf("start docker engine: %w", err)
	}
	dockerd = exec.Command("sh", append([]string{"-c", `LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"`}, dockerd.Args...)...)
	dockerd.ExtraFiles = []*os.File{socket}
	return dockerd, nil
}

// listen is called again when an engine is started again; the socket stays the same.
func (e *Engine) listen() (*os.File, error) {
	if e.listening != nil {
		return e.listening, nil
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: e.Socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	defer func() { _ = l.Close() }() // its copy stays
	e.listening, err = l.File()
	return e.listening, err
}

func (e *Engine) stopListening() error {
	if e.listening == nil {
		return nil
	}
	defer func() { e.listening = nil }()
	return e.listening.Close()
}
