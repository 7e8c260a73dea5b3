package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// load loads the image from its archive, which is what `docker save` writes,
// compressed or not; the tar of a root filesystem, as `docker export` writes it, has
// no name and no settings and is refused.
func (e *Engine) load(ctx context.Context, c Container, ref reference.Named, report func(string)) error {
	name := reference.FamiliarString(ref)
	report("loading image " + name + " from " + c.Image.File)
	loaded, err := e.loadArchive(ctx, c)
	if err = diskFull(err); errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("load image %s from %s: %w", name, c.Image.File, err)
	}
	if err != nil {
		return fmt.Errorf("load image %s from %s: %w: it must be what `docker save` writes: %w", name, c.Image.File, ErrArchive, err)
	}
	if !slices.Contains(loaded, name) {
		return fmt.Errorf("load image %s from %s: %w: it holds %s", name, c.Image.File, ErrArchive, strings.Join(loaded, ", "))
	}
	return nil
}

// loadArchive returns the names of the images that it held, "no name" for those
// without.
func (e *Engine) loadArchive(ctx context.Context, c Container) ([]string, error) {
	file, err := openBelow(c.Sandbox, c.Image.File)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	answer, err := e.api.ImageLoad(ctx, file, client.ImageLoadWithQuiet(true))
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Close() }() // only read
	var loaded []string
	for d := json.NewDecoder(answer); ; {
		var m jsonstream.Message
		err := d.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return loaded, nil
		case err != nil:
			return nil, err
		case m.Error != nil:
			return nil, m.Error
		}
		if image, found := strings.CutPrefix(m.Stream, "Loaded image: "); found {
			loaded = append(loaded, strings.TrimSpace(image))
		} else if strings.HasPrefix(m.Stream, "Loaded image ID: ") {
			loaded = append(loaded, "no name")
		}
	}
}

// openBelow opens a file in the sandbox. No link in it leads out.
func openBelow(sandbox, name string) (*os.File, error) {
	if filepath.IsAbs(name) {
		below, err := filepath.Rel(sandbox, name)
		if err != nil || !filepath.IsLocal(below) {
			return nil, fmt.Errorf("%s is not below the sandbox", name)
		}
		name = below
	}
	return os.OpenInRoot(sandbox, name)
}
