package volumes

import (
	"context"
	"errors"
	"fmt"

	"github.com/mesos-flocker/flocker-executor/volumes/listener"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// seen checks that the engine behind a socket finds every dataset where this
// process does. What the engine does not see it would make a directory for, or
// refuse in words that nobody understands.
func seen(ctx context.Context, engine string, vols []*holding) error {
	if len(vols) == 0 {
		return nil
	}
	pid, err := listener.PID(ctx, engine)
	if err != nil {
		return fmt.Errorf("container engine: %w", err)
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
