package docker

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// Verify checks that the process has the mount of device at path, as it sees
// paths, symbolic links of its root filesystem included, and only for reading if
// readOnly. It is for a container that has just been started; ErrHidden otherwise.
func Verify(pid int, path string, device uint64, readOnly bool) error {
	id, err := mountAt(pid, path)
	if err != nil {
		return fmt.Errorf("%w: %s in the container: %w", ErrHidden, path, err)
	}
	table, err := tableOf(pid)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHidden, err)
	}
	for _, m := range table {
		switch {
		case m.ID != id:
		case mounts.Device(m) != device:
			return fmt.Errorf("%w: in the container device %s is at %s, and not the dataset's %s", ErrHidden, devname(mounts.Device(m)), path, devname(device))
		case readOnly && !slices.Contains(strings.Split(m.Options, ","), "ro"):
			return fmt.Errorf("%w: %s in the container can be written to, and must not", ErrHidden, path)
		default:
			return nil
		}
	}
	return fmt.Errorf("%w: mount %d at %s is not in the container's mount table", ErrHidden, id, path)
}

// mountAt returns the number of the mount that a process finds path on.
func mountAt(pid int, path string) (int, error) {
	root, err := unix.Open(fmt.Sprintf("/proc/%d/root", pid), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(root) }() // only a name
	fd, err := unix.Openat2(root, path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(fd) }() // only a name
	_, id, err := mounts.Identify(fd)
	return id, err
}
