package flockertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// WatchDoubleAttach looks for the fault that destroys data: an image below dir that
// is behind two loop devices, which means two filesystems that know nothing of each
// other. It looks whenever the kernel says that a loop device has changed, and every
// 50 ms. The channel gets the path of each such image once, holds a thousand of them
// unread, and is closed after ctx ended. A machine whose loop devices cannot be read
// is reported as an image too.
func WatchDoubleAttach(ctx context.Context, dir string) <-chan string {
	doubles := make(chan string, 1000)
	events, err := openEvents()
	if err != nil {
		doubles <- err.Error()
		close(doubles)
		return doubles
	}
	go func() {
		defer close(doubles)
		defer events.close()
		reported := map[string]bool{}
		for {
			for _, image := range doubleAttached(dir) {
				if name := filepath.Base(image); !reported[name] && len(reported) < cap(doubles) {
					reported[name] = true
					doubles <- image
				}
			}
			if ctx.Err() != nil {
				return
			}
			events.wait()
		}
	}()
	return doubles
}

// loopEvents are the kernel's messages about loop devices.
type loopEvents struct{ fd int }

// lookAgain is how long events.wait waits at most.
const lookAgain = 50 * time.Millisecond

func openEvents() (loopEvents, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return loopEvents{}, fmt.Errorf("listen for changes of loop devices: %w", err)
	}
	timeout := unix.NsecToTimeval(int64(lookAgain))
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
	)
	if err != nil {
		return loopEvents{}, errors.Join(fmt.Errorf("listen for changes of loop devices: %w", err), unix.Close(fd))
	}
	return loopEvents{fd}, nil
}

func (e loopEvents) close() { _ = unix.Close(e.fd) }

// wait returns at the next message about a loop device, or after lookAgain. A
// message that got lost is no harm: the next look finds what it was about.
func (e loopEvents) wait() {
	message := make([]byte, 4096)
	for {
		n, err := unix.Read(e.fd, message)
		if err != nil || bytes.Contains(message[:n], []byte("/block/loop")) {
			return
		}
	}
}

// doubleAttached looks once. What looks double is looked at again, because a
// device can change while the table is read.
func doubleAttached(dir string) []string {
	first, err := byName(dir)
	if err != nil {
		return []string{err.Error()}
	}
	var images []string
	for name, seen := range first {
		again, err := byName(dir)
		if err != nil {
			return []string{err.Error()}
		}
		if slices.Equal(seen.devices, again[name].devices) {
			images = append(images, seen.image)
		}
	}
	return images
}

type attached struct {
	image   string
	devices []int
	inside  bool // below the directory
}

// byName returns the images below dir that have more than one device. They are
// told apart by their names, which are never used twice: the same file has another
// path before and after a move, and another one again when the namespace is gone in
// which it was attached.
func byName(dir string) (map[string]attached, error) {
	devices, err := Backing()
	if err != nil {
		return nil, err
	}
	images := map[string]attached{}
	for image, minors := range devices {
		a := images[filepath.Base(image)]
		a.devices = append(a.devices, minors...)
		if below(image, []string{dir}) {
			a.image, a.inside = image, true
		}
		slices.Sort(a.devices)
		images[filepath.Base(image)] = a
	}
	for name, a := range images {
		if len(a.devices) < 2 || !a.inside {
			delete(images, name)
		}
	}
	return images, nil
}
