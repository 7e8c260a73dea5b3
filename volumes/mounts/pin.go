package mounts

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// Pin opens the root of m and so keeps its mount busy until the file is closed:
// the storage agent's umount answers EBUSY (of all the copies of a mount that
// follow it, one user is enough). It checks that what it opened is that mount
// object, by device and mount id, and that the table still lists it.
func Pin(m Mount) (*os.File, error) {
	if failpoint.Fault("no-pin") {
		return os.Open(os.DevNull)
	}
	fd, err := unix.Open(m.Point, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("pin %s: %w", m.Point, os.NewSyscallError("open", err))
	}
	pin := os.NewFile(uintptr(fd), m.Point)
	if err := m.check(fd); err != nil {
		_ = pin.Close()
		return nil, fmt.Errorf("pin %s: %w", m.Point, err)
	}
	return pin, nil
}

// check says whether fd is the root of m, and m still in the table.
func (m Mount) check(fd int) error {
	device, id, err := Identify(fd)
	if err != nil {
		return err
	}
	if device != m.Device || id != m.ID {
		return fmt.Errorf("it is not the mount that was found: device %s and mount id %d, expected device %s and mount id %d",
			deviceName(device), id, deviceName(m.Device), m.ID)
	}
	table, err := Table()
	if err != nil {
		return err
	}
	for _, i := range table {
		if i.ID == m.ID && i.Mountpoint == m.Point && Device(i) == m.Device {
			return nil
		}
	}
	return fmt.Errorf("mount id %d is gone from the mount table", m.ID)
}

// Identify tells device number and mount id of an open file.
func Identify(fd int) (device uint64, mount int, err error) {
	var s unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS|unix.STATX_MNT_ID, &s); err != nil {
		return 0, 0, os.NewSyscallError("statx", err)
	}
	if s.Mask&unix.STATX_MNT_ID == 0 {
		return 0, 0, fmt.Errorf("the kernel does not tell mount ids (Linux 5.8 does): %w", unix.ENOSYS)
	}
	return unix.Mkdev(s.Dev_major, s.Dev_minor), int(s.Mnt_id), nil
}

func deviceName(device uint64) string {
	return fmt.Sprintf("%d:%d", unix.Major(device), unix.Minor(device))
}

// SyncFS writes everything of the pinned filesystem to its device. Its error
// also reports writes that failed since the pin was opened.
func SyncFS(pin *os.File) error {
	if err := unix.Syncfs(int(pin.Fd())); err != nil {
		return fmt.Errorf("sync %s: %w", pin.Name(), err)
	}
	return nil
}
