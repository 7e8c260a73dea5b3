package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// watchMount sends the time at which the next mount below /flocker appears in
// the mount table of a process. unix.Open, not os.Open: Go's runtime would take
// the event for itself.
func watchMount(ctx context.Context, pid int) (<-chan time.Time, error) {
	path := fmt.Sprintf("/proc/%d/mountinfo", pid)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	before, err := datasets(path)
	if err != nil {
		return nil, err
	}
	appeared := make(chan time.Time, 1)
	go func() {
		defer func() { _ = unix.Close(fd) }()
		for ctx.Err() == nil {
			poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}}
			_, _ = unix.Poll(poll, 1000)
			now := time.Now()
			if n, err := datasets(path); err != nil || n > before {
				appeared <- now
				return
			}
		}
	}()
	return appeared, nil
}

func datasets(path string) (int, error) {
	text, err := readFile(path)
	return strings.Count(text, " /flocker/"), err
}

func readFile(path string) (string, error) {
	data, err := os.ReadFile(path)
	return string(data), err
}
