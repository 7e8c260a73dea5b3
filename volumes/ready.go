package volumes

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// readyLimit bounds the wait for the storage agent's last two steps. One that
// died between them never takes them again.
const readyLimit = 2 * time.Second

// ready waits until the storage agent is done with the filesystem that it has
// just mounted for the first time: it mounts a new one, looks whether there is
// nothing in it but lost+found, and then removes that and opens the root
// directory to everybody. A task that came in between would find lost+found; if
// it wrote something it would keep both from being done, for ever; and if it is
// not root's it could not write. Nothing tells the end of it, which comes in
// milliseconds; a filesystem that is in use costs one look.
func (h *Held) ready(ctx context.Context, v *holding) error {
	over := time.NewTimer(readyLimit)
	defer over.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for unfinished(v.pin) {
		select {
		case <-again.C:
		case <-over.C:
			h.o.log().Warn("the new filesystem is not open to everybody; going on", v.fields()...)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// unfinished says whether a filesystem looks as mkfs has left it, or without its
// lost+found. Errors are those of a filesystem that is of no use: the task's
// start will meet them.
func unfinished(pin *os.File) bool {
	fd, err := unix.Openat(int(pin.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	root := os.NewFile(uintptr(fd), pin.Name())
	defer root.Close()
	names, err := root.Readdirnames(2)
	switch {
	case errors.Is(err, io.EOF):
		var s unix.Stat_t
		err := unix.Fstat(fd, &s)
		return err == nil && s.Uid == 0 && s.Mode&0o7777 == 0o755
	case err != nil:
		return false
	}
	return len(names) == 1 && names[0] == "lost+found"
}
