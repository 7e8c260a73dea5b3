package flockertest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// Sweep removes what killed nodes left: every mount of this mount namespace at or
// below one of the directories, the newest first, and every loop device whose
// image lies below one. Mounts of other namespaces keep their loop device until
// they go. It may be called again; directories that never held anything are fine.
func Sweep(dirs ...string) error {
	mounts, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) { return !below(i.Mountpoint, dirs), false })
	if err != nil {
		return err
	}
	var failed []error
	for i := len(mounts) - 1; i >= 0; i-- {
		err := unix.Unmount(mounts[i].Mountpoint, unix.MNT_DETACH)
		if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			failed = append(failed, fmt.Errorf("umount %s: %w", mounts[i].Mountpoint, err))
		}
	}
	failed = append(failed, sweepDevices(dirs, true))
	return errors.Join(failed...)
}

// sweepDevices detaches the images below dirs. A device that was attached in a
// namespace which is gone may show a path that lacks the namespace's mount points;
// its image is then known by its inode. Without all it detaches only those.
func sweepDevices(dirs []string, all bool) error {
	devices, err := Backing()
	if err != nil || len(devices) == 0 {
		return err
	}
	inodes, err := inodesBelow(dirs)
	if err != nil {
		return err
	}
	var failed []error
	for image, minors := range devices {
		for _, minor := range minors {
			if inside := below(image, dirs); inside && !all || !inside && !isBehind(minor, inodes) {
				continue
			}
			if err := clearLoop(devicePath(minor)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// inode identifies a file.
type inode struct{ device, number uint64 }

func inodesBelow(dirs []string) (map[inode]bool, error) {
	inodes := map[inode]bool{}
	for _, d := range dirs {
		err := filepath.WalkDir(d, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return ignoreMissing(err)
			}
			var stat unix.Stat_t
			if err := unix.Lstat(path, &stat); err != nil {
				return ignoreMissing(err)
			}
			inodes[inode{stat.Dev, stat.Ino}] = true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return inodes, nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func isBehind(minor int, inodes map[inode]bool) bool {
	device, err := os.Open(devicePath(minor))
	if err != nil {
		return false
	}
	defer device.Close()
	info, err := unix.IoctlLoopGetStatus64(int(device.Fd()))
	return err == nil && inodes[inode{info.Device, info.Inode}]
}

func below(path string, dirs []string) bool {
	for _, d := range dirs {
		d = filepath.Clean(d)
		if path == d || strings.HasPrefix(path, strings.TrimSuffix(d, "/")+"/") {
			return true
		}
	}
	return false
}

// LoopAvailable says whether this process can use loop devices and ext4, and if
// not, what is missing.
func LoopAvailable() error {
	dir, err := os.MkdirTemp("", "flockertest-probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "probe")
	if err := createSparse(image, minimumSize); err != nil {
		return err
	}
	minor, err := attachLoop(image)
	if err != nil {
		return err
	}
	probe := found{device: devicePath(minor)}
	return errors.Join((&loopback{}).format(probe), clearLoop(probe.device))
}
