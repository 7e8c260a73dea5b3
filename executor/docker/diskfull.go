package docker

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// ErrDiskFull says that the engine has no room for the image or the container.
var ErrDiskFull = errors.New("the docker engine's disk is full")

// diskFull adds ErrDiskFull where it fits. The engine passes the reason on as text.
func diskFull(err error) error {
	if err != nil && strings.Contains(err.Error(), syscall.ENOSPC.Error()) {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}
