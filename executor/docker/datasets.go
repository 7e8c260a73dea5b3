package docker

import (
	"context"
	"fmt"
	"maps"

	"github.com/moby/moby/api/types/mount"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// sees: the engine finds every dataset where it is to be bound from.
func (b *Body) sees(binds []volumes.BodyBind) error {
	for _, bind := range binds {
		if err := b.engine.Sees(bind.Source, bind.Device); err != nil {
			return err
		}
	}
	return nil
}

func bindMounts(binds []volumes.BodyBind) []mount.Mount {
	var all []mount.Mount
	for _, bind := range binds {
		all = append(all, mount.Mount{
			Type:        mount.TypeBind,
			Source:      bind.Source,
			Target:      bind.Path,
			ReadOnly:    bind.ReadOnly,
			BindOptions: &mount.BindOptions{Propagation: mount.PropagationRPrivate},
		})
	}
	return all
}

// datasetLabels are labels and those of the datasets.
func datasetLabels(labels map[string]string, binds []volumes.BodyBind) map[string]string {
	if len(binds) == 0 {
		return labels
	}
	all := map[string]string{}
	maps.Copy(all, labels)
	for _, bind := range binds {
		all[LabelDataset+bind.Volume] = bind.Dataset
	}
	return all
}

// nothingInside refuses a volume that the image declares inside a dataset's path:
// the engine mounts an anonymous one there, and what the task writes to it would
// end with the container. One at the path itself is covered by the dataset.
func (b *Body) nothingInside(ctx context.Context, binds []volumes.BodyBind) error {
	if len(binds) == 0 {
		return nil
	}
	found, err := b.inspect(ctx)
	if err != nil {
		return err
	}
	for _, m := range found.Container.Mounts {
		for _, bind := range binds {
			if m.Type == mount.TypeVolume && volumes.Inside(m.Destination, bind.Path) {
				return fmt.Errorf("image %s declares a volume at %s, inside the path %s of volume %s: what is written there would not be in the dataset; "+
					"put the dataset at %[2]s, or at a path without a volume of the image inside", b.c.Image.Reference, m.Destination, bind.Path, bind.Volume)
			}
		}
	}
	return nil
}
