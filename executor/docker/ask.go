package docker

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"
)

// made is the engine's answer to a wish for a container.
type made struct {
	client.ContainerCreateResult
	err error
}

// ask has the engine make the container. It goes on making it when nobody waits
// for that any more, and says until then that there is none of that name: so the
// asking outlives ctx, and answered tells when it is over.
func (b *Body) ask(ctx context.Context, o client.ContainerCreateOptions) (client.ContainerCreateResult, error) {
	answered, answer := make(chan struct{}), make(chan made, 1)
	b.asked = answered
	b.spawn(func(life context.Context) {
		defer close(answered)
		result, err := b.engine.api.ContainerCreate(life, o)
		answer <- made{result, err}
	})
	select {
	case m := <-answer:
		return m.ContainerCreateResult, diskFull(m.err)
	case <-ctx.Done():
		return client.ContainerCreateResult{}, context.Cause(ctx)
	}
}

// answered waits until the engine has answered what it was asked to make, or will
// not any more, because it is gone.
func (b *Body) answered(ctx context.Context) error {
	select {
	case <-b.asked:
		return nil
	default:
	}
	select {
	case <-b.asked:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("remove container %s: the engine has not said yet whether it has made it: %w", b.c.Name, context.Cause(ctx))
	}
}
