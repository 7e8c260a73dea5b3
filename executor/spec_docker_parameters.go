package executor

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// option is one of docker run's: what it does to a draft.
type option func(d *draft, value string) error

// aliases of docker run's options.
var aliases = map[string]string{
	"net": "network", "net-alias": "network-alias", "dns-opt": "dns-option",
	"c": "cpu-shares", "e": "env", "h": "hostname", "i": "interactive", "l": "label", "m": "memory", "p": "publish",
	"P": "publish-all", "t": "tty", "u": "user", "v": "volume", "w": "workdir", "d": "detach", "a": "attach", "q": "quiet",
}

// refused options, and why. They would break what a task is promised, or mean
// nothing without a command line.
var refused = map[string]string{
	"name":          "the container's name is the executor's, so that it is found and removed",
	"restart":       "a container that ends is a task that ends; the framework starts another",
	"rm":            "the executor removes the container, after it has learned how it ended",
	"detach":        "the executor waits for the container",
	"cgroup-parent": "it is the executor's cgroup, so that the agent's limits hold",
	"volumes-from":  "another container's volumes may be datasets, which come by labels only",
	"cidfile":       "the container's name is in MESOS_CONTAINER_NAME",
	"env-file":      "it is a file of the command line: use env, or the environment of the task",
	"label-file":    "it is a file of the command line: use label",
	"attach":        "the output is the sandbox's stdout and stderr",
	"sig-proxy":     "there is no command line whose signals could be passed on",
	"detach-keys":   "nobody is attached to the container",
	"pull":          "use force_pull_image",
	"quiet":         "it is about the command line's output",
	"help":          "it is about the command line",
	"platform":      "the image is the node's: name one for it",
	"isolation":     "Linux has none",
	"mac-address":   "engines before API 1.44 and after it differ in it",
	"annotation":    "engines before API 1.43 pass over it",
	"kernel-memory": "engines have dropped it: use memory",

	"disable-content-trust": "it is about the command line's own check of images",
	"use-api-socket":        "bind the socket with volume",
}

// parameters are the options of docker run that DockerInfo carries, in their
// order; each changes what the rest of the TaskInfo has said, as Mesos' own
// executor puts them last on its command line.
func (d *draft) parameters() error {
	for i, p := range d.docker.Parameters {
		err := d.parameter(p.Key, p.Value)
		switch {
		case err == nil:
		case p.Key == "env" || p.Key == "e": // the value may be secret
			return fmt.Errorf("container.docker.parameters[%d]: %s: %w", i, p.Key, err)
		default:
			return fmt.Errorf("container.docker.parameters[%d]: %s: value %q: %w", i, p.Key, p.Value, err)
		}
	}
	return nil
}

func (d *draft) parameter(key, value string) error {
	name := key
	if long, ok := aliases[key]; ok {
		name = long
	}
	if why, ok := refused[name]; ok {
		return fmt.Errorf("refused: %s", why)
	}
	set, ok := dockerOptions()[name]
	if !ok {
		known := slices.Sorted(maps.Keys(dockerOptions()))
		return fmt.Errorf("unknown; did you mean %q? Known are the options of docker run that docs/docker.md lists", volumes.Nearest(key, known))
	}
	return set(d, value)
}

// DockerParameters are the names of docker run's options that a task may have as
// parameters, sorted, and those that are refused.
func DockerParameters() (known, never []string) {
	return slices.Sorted(maps.Keys(dockerOptions())), slices.Sorted(maps.Keys(refused))
}

// judge refuses what endangers the datasets of a task that has any: their leases
// go back when the end of its first process has ended all of it.
func (d *draft) judge() error {
	if mode := d.c.Host.PidMode; len(d.volumes) > 0 && mode != "" {
		return fmt.Errorf("container.docker.parameters: pid: value %q: in another PID namespace its processes could outlive the container, and use the volume of label %s: leave one of them out",
			mode, d.volumes[0].Label)
	}
	if err := d.endHealth(); err != nil {
		return err
	}
	h := d.c.Host
	if strings.EqualFold(h.VolumeDriver, "flocker") {
		return fmt.Errorf("volume driver %q: name the dataset in a label %svolume", h.VolumeDriver, d.options.LabelPrefix)
	}
	if h.LogConfig.Type == "none" && len(h.LogConfig.Config) > 0 {
		return errors.New("container.docker.parameters: log-opt: log-driver none has no options: give only one")
	}
	if h.NanoCPUs > 0 && (h.CPUQuota > 0 || h.CPUPeriod > 0) {
		return errors.New("container.docker.parameters: cpus: the task has a quota already, by limits.cpus, cpu-quota or cpu-period: give only one")
	}
	return nil
}

// dockerOptions are all that a task may have.
func dockerOptions() map[string]option {
	all := maps.Clone(processOptions)
	for _, more := range []map[string]option{resourceOptions, networkOptions, mountOptions} {
		maps.Copy(all, more)
	}
	return all
}
