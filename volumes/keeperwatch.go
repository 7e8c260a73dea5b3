package volumes

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/keep"
)

// retryKeeper is the pause after a keeper that could not be started.
const retryKeeper = 10 * time.Second

// keeperWatch replaces a keeper that somebody has killed. Until it is joined its
// goroutine owns container.keeper.
type keeperWatch struct {
	stop   chan struct{} // closed: no further keeper
	cancel context.CancelFunc
	done   chan struct{}
}

// leave starts the keeper and its watch, which outlives ctx.
func (c *container) leave(ctx context.Context, config keep.Config, log *zap.Logger) error {
	k, err := keep.Start(ctx, config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.keeper, c.watch = k, &keeperWatch{stop: make(chan struct{}), cancel: cancel, done: make(chan struct{})}
	log = log.With(zap.String("container", c.body.Name()))
	go func(w *keeperWatch) {
		defer close(w.done)
		for c.replace(ctx, config, w.stop, log) {
		}
	}(c.watch)
	return nil
}

// replace waits for the keeper's end and starts another. It says false when there
// is nothing more to do.
func (c *container) replace(ctx context.Context, config keep.Config, stop <-chan struct{}, log *zap.Logger) bool {
	select {
	case <-stop:
		return false
	case <-c.keeper.Gone():
	}
	log.Error("the keeper was killed: if this executor is killed now, its container runs on, " +
		"and its volumes are held, until the node's next executor or recover ends it; starting another keeper")
	k, err := keep.Start(ctx, config)
	if err == nil {
		c.keeper = k
		log.Info("there is another keeper")
		return true
	}
	log.Error("the container has no keeper", zap.Duration("trying again in", retryKeeper), zap.Error(err))
	select {
	case <-stop:
		return false
	case <-time.After(retryKeeper):
		return true
	}
}

// unwatch gives the keeper back to its caller, who owns the Held; a start under
// way is called off when ctx ends. Repeatable, and for a task in no container too.
func (c *container) unwatch(ctx context.Context) {
	if c == nil || c.watch == nil {
		return
	}
	defer c.watch.cancel()
	close(c.watch.stop)
	select {
	case <-c.watch.done:
	case <-ctx.Done():
		c.watch.cancel()
		<-c.watch.done
	}
	c.watch = nil
}
