package volumes

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// lateContainer is how long a container may take to appear that a dead executor
// was having made. Its engine goes on making it, and says until then that there is
// none.
const lateContainer = 5 * time.Second

// What a file of newMaking holds.
const (
	beingMade = 'm'
	atRest    = '-'
)

// newMaking is a file in memory that tells executor and keeper whether the
// container is being made.
func newMaking() (*os.File, error) {
	fd, err := unix.MemfdCreate("container", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "container"), nil
}

// create has the engine make the container. When it fails, the container may still
// be being made.
func (c *container) create(ctx context.Context, binds []BodyBind) error {
	if err := c.note(beingMade); err != nil {
		return err
	}
	if err := c.body.Create(ctx, binds); err != nil {
		return err
	}
	return c.note(atRest)
}

func (c *container) note(state byte) error {
	if _, err := c.making.WriteAt([]byte{state}, 0); err != nil {
		return fmt.Errorf("note what becomes of the container: %w", err)
	}
	return nil
}

// removeLate removes a container that was being made when its executor died, and
// has appeared since. It was never started, so that nothing waits for this.
func (b bequest) removeLate(ctx context.Context, o Options, making *os.File) error {
	var state [1]byte
	if _, err := making.ReadAt(state[:], 0); err != nil || state[0] != beingMade {
		return nil
	}
	o.log().Info("the container was being made when the executor died; looking for it again",
		zap.String("container", b.Container), zap.Duration("in", lateContainer))
	select {
	case <-time.After(lateContainer):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return o.persist(ctx, func(ctx context.Context) error { return o.remove(ctx, b.Engine, b.Container) })
}
