package mounts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/moby/sys/mountinfo"
)

// Wait returns when Find would succeed. It watches the mount table and wakes on
// every change; ctx bounds it. It fails at once on Find's error, and when no
// mount can ever reach this process because its namespace is cut off.
func Wait(ctx context.Context, dataset string) (Mount, error) {
	ctx, cancel := context.WithCancel(ctx)
	changed, err := Watch(ctx)
	if err != nil {
		cancel()
		return Mount{}, err
	}
	defer func() {
		cancel()
		for range changed { // until the watch has ended
		}
	}()
	for range changed {
		m, found, err := Find(dataset)
		if err != nil || found {
			return m, err
		}
		if err := reachable(); err != nil {
			return Mount{}, fmt.Errorf("wait for dataset %s: %w", dataset, err)
		}
	}
	return Mount{}, fmt.Errorf("wait for the mount of dataset %s: %w", dataset, context.Cause(ctx))
}

// reachable returns why no mount made elsewhere can appear here, nil when one may.
func reachable() error {
	s, err := lookAround()
	if err != nil || (s.apart == 0 && s.firstPID) {
		return err
	}
	table, err := Table()
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("look for mounts that propagate: %w", err)
	}
	return s.receives(table, dir)
}

// receives looks for a mount that others propagate into. The one that holds the
// working directory does not count: Mesos shares its own work directory with
// the containers of its linux filesystem isolator, whatever the rest of the
// node is.
func (s surroundings) receives(table []*mountinfo.Info, dir string) error {
	for _, i := range table {
		propagates := Group(i, "master") != 0 || Group(i, "shared") != 0
		if propagates && (i.Mountpoint == "/" || !Below(path.Clean(dir), i.Mountpoint)) {
			return nil
		}
	}
	return errors.New("no mount of the node can reach this process: it is in a mount namespace of its own and nothing in it is shared " +
		"or a slave; make the storage root shared on the node (mount --make-rshared) before the agent starts")
}
