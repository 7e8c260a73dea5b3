package docker

import (
	"context"
	"fmt"

	"github.com/distribution/reference"
	"github.com/moby/moby/client"
)

func (e *Engine) pull(ctx context.Context, c Container, ref reference.Named, report func(string)) error {
	name := reference.FamiliarString(ref)
	report("pulling image " + name)
	stream, err := e.api.ImagePull(ctx, ref.String(), client.ImagePullOptions{})
	if err != nil {
		return fmt.Errorf("pull image %s: %w", name, err)
	}
	if err := stream.Wait(ctx); err != nil {
		return fmt.Errorf("pull image %s: %w", name, err)
	}
	return nil
}
