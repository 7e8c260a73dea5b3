package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mesos-flocker/flocker-executor/volumes/listener"
)

// What callers tell apart, with errors.Is.
var (
	// ErrAbsent: nobody serves the engine's socket, or this user may not use it.
	ErrAbsent = errors.New("the docker engine cannot be reached")
	// ErrTooOld: the engine's API is older than 1.40.
	ErrTooOld = errors.New("the docker engine is too old")

	// ErrImageNotFound: the registry has no such image or tag.
	ErrImageNotFound = errors.New("image not found")
	// ErrImageDenied: the registry refuses; credentials are missing or wrong.
	ErrImageDenied = errors.New("access to the image denied")
	// ErrRegistryUnreachable: there is no talking to the registry.
	ErrRegistryUnreachable = errors.New("registry unreachable")
	// ErrArchive: the image's archive cannot be loaded, or does not hold the image.
	ErrArchive = errors.New("image archive unusable")

	// ErrName: the container's name is somebody else's.
	ErrName = errors.New("the container's name is taken")
	// ErrCgroup: the container's cgroup cannot be made below the executor's.
	ErrCgroup = errors.New("the container would live outside the executor's cgroup")
	// ErrHidden: the engine or its containers are in another PID namespace.
	ErrHidden = listener.ErrHidden
)

func absent(socket string, err error) error {
	hint := "is --docker-socket right, and the engine running?"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint = "there is no such socket; is --docker-socket right, and the engine running?"
	case errors.Is(err, syscall.ECONNREFUSED):
		hint = "nobody listens there; has the engine died?"
	case errors.Is(err, fs.ErrPermission):
		hint = "this user may not use it"
	}
	return fmt.Errorf("%w: --docker-socket=%s: %s: %w", ErrAbsent, socket, hint, err)
}
