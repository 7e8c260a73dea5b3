package docker

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
)

// Prepare sees to it that the image of c is there: it is loaded from its archive,
// if one is named; else the registry is asked, unless the image is there already
// and ForcePull is off. report gets the progress as text, whenever it changes, from
// this goroutine; the caller slows it down. The error is ErrImageNotFound,
// ErrImageDenied, ErrRegistryUnreachable, ErrArchive or ErrDiskFull where one fits.
// It may be called again.
func (e *Engine) Prepare(ctx context.Context, c Container, report func(string)) error {
	ref, err := parseImage(c.Image.Reference)
	if err != nil {
		return err
	}
	if c.Image.File != "" {
		return e.load(ctx, c, ref, report)
	}
	if !c.Image.ForcePull {
		there, err := e.hasImage(ctx, ref)
		if err != nil || there {
			return err
		}
	}
	return e.pull(ctx, c, ref, report)
}

// parseImage reads a reference as docker does: the tag is latest where there is
// neither tag nor digest.
func parseImage(text string) (reference.Named, error) {
	ref, err := reference.ParseDockerRef(text)
	if err != nil {
		return nil, fmt.Errorf("image %q: %w: allowed is [host[:port]/]name[:tag][@digest]", text, err)
	}
	return ref, nil
}

func (e *Engine) hasImage(ctx context.Context, ref reference.Named) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_, err := e.api.ImageInspect(ctx, reference.FamiliarString(ref))
	switch {
	case errdefs.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for image %s: %w", reference.FamiliarString(ref), err)
	}
	return true, nil
}
