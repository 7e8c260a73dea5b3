package stage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// verify looks each bind up in the mount table and checks that its path leads
// to it, after everything else has been done.
func (b *binder) verify() error {
	table, err := mounts.Table()
	if err != nil {
		return err
	}
	for _, done := range b.bound {
		if err := done.verify(table); err != nil {
			return fmt.Errorf("bind %s at %s: %w", done.Source, done.Path, err)
		}
	}
	return nil
}

func (d bound) verify(table []*mountinfo.Info) error {
	_, id, err := mounts.Identify(d.tree)
	if err != nil {
		return err
	}
	there, err := unix.Open(d.point, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", d.point, err)
	}
	defer unix.Close(there)
	_, on, err := mounts.Identify(there)
	if err != nil {
		return err
	}
	if on != id {
		return fmt.Errorf("%s leads to another mount", d.point)
	}
	for _, i := range table {
		if i.ID != id {
			continue
		}
		readOnly := strings.Contains(","+i.Options+",", ",ro,")
		if i.Mountpoint == d.point && mounts.Device(i) == d.Device && i.Root == d.Subtree && (readOnly || !d.ReadOnly) {
			return nil
		}
		return fmt.Errorf("the mount table says %s %d:%d %s %s", i.Mountpoint, i.Major, i.Minor, i.Root, i.Options)
	}
	return errors.New("it is missing from the mount table")
}
