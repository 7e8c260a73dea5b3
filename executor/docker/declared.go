package docker

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// place is where something is to be mounted: by its name, and where in the image
// that leads.
type place struct{ name, real string }

func (p place) String() string {
	if p.name == p.real {
		return p.name
	}
	return fmt.Sprintf("%s (in the image that is %s)", p.name, p.real)
}

// nothingOver refuses a volume of the image that the engine would mount inside a
// dataset or over it: it makes an anonymous one there, and what the task writes
// to that ends with the container. Names alone tell only half of it, for either
// may lead through links of the image.
func (b *Body) nothingOver(ctx context.Context, binds []volumes.BodyBind) error {
	if len(binds) == 0 {
		return nil
	}
	declared, err := b.declared(ctx, binds)
	if err != nil || len(declared) == 0 {
		return err
	}
	asNamed := func(name string) (place, error) { return place{name, name}, nil }
	if err := b.compare(declared, binds, asNamed); err != nil {
		return err
	}
	p, err := b.probe(ctx, declared)
	if err == nil {
		err = b.compare(declared, binds, func(name string) (place, error) { return p.place(ctx, name) })
		err = p.end(ctx, err)
	}
	return err
}

// declared are the volumes of the image but those at a dataset's own path, which
// the engine does not make.
func (b *Body) declared(ctx context.Context, binds []volumes.BodyBind) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	ref, err := parseImage(b.c.Image.Reference)
	if err != nil {
		return nil, err
	}
	image, err := b.engine.api.ImageInspect(ctx, reference.FamiliarString(ref))
	if err != nil || image.Config == nil {
		return nil, err
	}
	all := map[string]bool{}
	for name := range image.Config.Volumes {
		all[path.Join("/", name)] = true
	}
	for _, bind := range binds {
		delete(all, bind.Path)
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// compare looks at each volume with each dataset. The engine mounts what has fewer
// elements in its name first. Of two that meet, a dataset that is mounted later
// is in the volume or covers it, and all of it is seen; of two with as many
// elements either may be the later one.
func (b *Body) compare(declared []string, binds []volumes.BodyBind, find func(name string) (place, error)) error {
	for _, name := range declared {
		volume, err := find(name)
		if err != nil {
			return err
		}
		for _, bind := range binds {
			dataset, err := find(bind.Path)
			if err != nil {
				return err
			}
			how := meeting(volume.real, dataset.real)
			if how == "" || depth(dataset.name) > depth(volume.name) {
				continue
			}
			return fmt.Errorf("image %s declares a volume at %s, %s the path %s of volume %s: what is written there would not be in the dataset; "+
				"put the dataset at %s, or at a path without a volume of the image inside", b.c.Image.Reference, volume, how, dataset, bind.Volume, name)
		}
	}
	return nil
}

// meeting says how a volume lies to a dataset; "" is side by side.
func meeting(volume, dataset string) string {
	switch {
	case volume == dataset:
		return "over"
	case volumes.Inside(volume, dataset):
		return "inside"
	case volumes.Inside(dataset, volume):
		return "around"
	}
	return ""
}

func depth(name string) int { return strings.Count(name, "/") }
