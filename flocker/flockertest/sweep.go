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
	devices, err := Backing()
	failed = append(failed, err)
	for image, minors := range devices {
		if !below(image, dirs) {
			continue
		}
		for _, minor := range minors {
			if err := clearLoop(devicePath(minor)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
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
