package mounts

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Watch sends on the returned channel (capacity 1, coalescing) after every
// change of the mount table until ctx ends, then closes it. It sends once at
// the start, so that a caller who looks after each receive misses nothing.
//
// The channel also closes when the watch itself fails, which the kernel does
// not do to a valid descriptor.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	// Not os.Open: Go's runtime would poll the file itself and consume the
	// event that the kernel reports once per open file.
	table, err := unix.Open(ownTable, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("watch mount table: %w", os.NewSyscallError("open", err))
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		unix.Close(table)
		return nil, fmt.Errorf("watch mount table: %w", os.NewSyscallError("eventfd", err))
	}
	changed := make(chan struct{}, 1)
	changed <- struct{}{}
	go watch(ctx, table, wake, changed)
	return changed, nil
}

// watch owns both descriptors. It closes them only after the cancellation has
// run or can no longer run, so that it never writes to a number used again.
func watch(ctx context.Context, table, wake int, changed chan<- struct{}) {
	defer close(changed)
	defer unix.Close(table)
	defer unix.Close(wake)
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		_, _ = unix.Write(wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	})
	defer func() {
		if !stop() {
			<-woken
		}
	}()
	fds := []unix.PollFd{{Fd: int32(table), Events: unix.POLLPRI}, {Fd: int32(wake), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || fds[1].Revents != 0 {
			return
		}
		select {
		case changed <- struct{}{}:
		default:
		}
	}
}
