package flockertest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const loopMajor = 7

func devicePath(minor int) string { return "/dev/loop" + strconv.Itoa(minor) }

// Backing maps each image file to the loop devices whose backing file it is, as
// their numbers in rising order, from /sys/block/loop*/loop/backing_file.
func Backing() (map[string][]int, error) {
	blocks, err := os.ReadDir("/sys/block")
	if err != nil {
		return nil, fmt.Errorf("loop devices: %w", err)
	}
	devices := map[string][]int{}
	for _, block := range blocks {
		number, isLoop := strings.CutPrefix(block.Name(), "loop")
		minor, err := strconv.Atoi(number)
		if !isLoop || err != nil {
			continue
		}
		data, err := os.ReadFile("/sys/block/" + block.Name() + "/loop/backing_file")
		if err != nil {
			continue // nothing is behind it
		}
		image := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), " (deleted)")
		devices[image] = append(devices[image], minor)
	}
	for _, minors := range devices {
		slices.Sort(minors)
	}
	return devices, nil
}

// attachLoop puts an image behind a free loop device. Free ones are everybody's:
// who loses the race for one asks for the next.
func attachLoop(image string) (minor int, err error) {
	backing, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer backing.Close()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return 0, fmt.Errorf("loop devices: %w", err)
	}
	defer control.Close()
	for range 1000 {
		minor, err = unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return 0, fmt.Errorf("loop devices: none is free: %w", err)
		}
		err = configureLoop(minor, backing)
		if !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENXIO) {
			break
		}
	}
	if err != nil {
		return 0, fmt.Errorf("attach %s to %s: %w", image, devicePath(minor), err)
	}
	return minor, nil
}

func configureLoop(minor int, backing *os.File) error {
	device, err := openLoop(minor)
	if err != nil {
		return err
	}
	defer device.Close()
	return unix.IoctlLoopConfigure(int(device.Fd()), &unix.LoopConfig{Fd: uint32(backing.Fd())})
}

// openLoop opens a loop device, and makes its node first where no udev does.
func openLoop(minor int) (*os.File, error) {
	device, err := os.OpenFile(devicePath(minor), os.O_RDWR, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return device, err
	}
	err = unix.Mknod(devicePath(minor), unix.S_IFBLK|0o660, int(unix.Mkdev(loopMajor, uint32(minor))))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make %s: %w", devicePath(minor), err)
	}
	return os.OpenFile(devicePath(minor), os.O_RDWR, 0)
}

// clearLoop detaches a device's image. While anything has the device open, such
// as a filesystem mounted in another namespace, the kernel only makes a note to
// do it at the last close, and reports success.
func clearLoop(path string) error {
	device, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer device.Close()
	err = unix.IoctlSetInt(int(device.Fd()), unix.LOOP_CLR_FD, 0)
	if err != nil && !errors.Is(err, unix.ENXIO) {
		return fmt.Errorf("detach %s: %w", path, err)
	}
	return nil
}
