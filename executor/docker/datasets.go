package docker

import (
	"maps"

	"github.com/moby/moby/api/types/mount"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

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
