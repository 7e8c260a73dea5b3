package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// checkImage refuses a state directory that is the container's own, for an
// executor in an image's root filesystem: its locks mean nothing to the node's
// other executors, and what it notes is lost with the container.
func checkImage(stateDir, sandbox string) error {
	id, err := mountOf(stateDir)
	if err != nil {
		return fmt.Errorf("state directory %s: %w", stateDir, err)
	}
	for _, own := range []string{"/", sandbox} {
		other, err := mountOf(own)
		if err != nil {
			return fmt.Errorf("state directory %s: %w", stateDir, err)
		}
		if id == other {
			return fmt.Errorf("state directory %s: the executor lives in an image (MESOS_SANDBOX %s is not MESOS_DIRECTORY), "+
				"and there the directory is the container's own, on the mount of %s: "+
				"mount the node's state directory there (container.volumes of the executor), or run the executor without an image",
				stateDir, sandbox, own)
		}
	}
	return nil
}

// mountOf is the id of the mount that dir is on, or will be when it is made.
func mountOf(dir string) (id int, err error) {
	f, err := os.Open(dir)
	for errors.Is(err, fs.ErrNotExist) && dir != "/" {
		dir = filepath.Dir(dir)
		f, err = os.Open(dir)
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // only looked at
	_, id, err = mounts.Identify(int(f.Fd()))
	return id, err
}
