package docker

import (
	"context"

	"github.com/moby/moby/client"
	"go.uber.org/zap"
)

// resize gives the terminal its size: engines before API 1.42 pass over the one
// that they are given at creation. As with docker run, the process may be first.
func (b *Body) resize(ctx context.Context) {
	size := b.c.Host.ConsoleSize
	if !b.c.Config.Tty || size == [2]uint{} {
		return
	}
	_, err := b.engine.api.ContainerResize(ctx, b.c.Name, client.ContainerResizeOptions{Height: size[0], Width: size[1]})
	if err != nil { // it may have ended
		b.engine.log.Debug("docker engine: the terminal has no size", b.field(), zap.Error(err))
	}
}
