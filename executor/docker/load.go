package docker

import (
	"context"
	"fmt"

	"github.com/distribution/reference"
)

func (e *Engine) load(ctx context.Context, c Container, ref reference.Named, report func(string)) error {
	return fmt.Errorf("load image %s: %w", reference.FamiliarString(ref), ErrArchive)
}
