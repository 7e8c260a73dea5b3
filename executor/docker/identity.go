package docker

import (
	"context"
	"fmt"

	"github.com/mesos-flocker/flocker-executor/volumes/listener"
)

// PID returns the engine's process, in this process's PID namespace. The error is
// ErrHidden if it is in another.
func (e *Engine) PID() (int, error) {
	ctx, cancel := context.WithTimeout(e.life, askTimeout)
	defer cancel()
	pid, err := listener.PID(ctx, e.socket)
	if err != nil {
		return 0, fmt.Errorf("docker engine: %w", err)
	}
	return pid, nil
}
