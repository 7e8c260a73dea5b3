package executor

import (
	"encoding/csv"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// mountOptions put something into the container. None may touch a dataset, and
// no mount may come back from the container to the node: a copy of a dataset
// that the agent does not know of would lose data.
var mountOptions = map[string]option{
	"mount":         mountOption,
	"tmpfs":         tmpfsOption,
	"volume":        volumeOption,
	"volume-driver": text(func(d *draft) *string { return &d.c.Host.VolumeDriver }),
}

var errPropagation = errors.New("propagation shared and rshared are refused: a mount would come out of the container to the node and stay when it ends; private, rprivate, slave and rslave are allowed")

// tmpfsOption reads <path>[:<mount options>].
func tmpfsOption(d *draft, value string) error {
	target, options, _ := strings.Cut(value, ":")
	if !path.IsAbs(target) {
		return fmt.Errorf("path in the container %q: must be absolute", target)
	}
	target, err := d.place("tmpfs", target)
	if err != nil {
		return err
	}
	if d.c.Host.Tmpfs == nil {
		d.c.Host.Tmpfs = map[string]string{}
	}
	d.c.Host.Tmpfs[target] = options
	return nil
}

// volumeModes that follow the second colon of a volume.
var volumeModes = []string{"ro", "rw", "z", "Z", "nocopy", "private", "rprivate", "slave", "rslave", "consistent", "cached", "delegated"}

// volumeOption reads [<path or name>:]<path in the container>[:<mode>,…].
func volumeOption(d *draft, value string) error {
	parts := strings.Split(value, ":")
	if len(parts) == 1 {
		return d.anonymous(parts[0])
	}
	source, target := parts[0], parts[1]
	switch {
	case len(parts) > 3:
		return errors.New("[<path or name>:]<path in the container>[:<mode>] is allowed")
	case !path.IsAbs(target):
		return fmt.Errorf("path in the container %q: must be absolute", target)
	case !path.IsAbs(source) && !volumeName(source):
		return fmt.Errorf("%q: an absolute path or the name of a docker volume is allowed", source)
	}
	modes := strings.Join(parts[2:], "")
	for _, mode := range strings.Split(modes, ",") {
		switch {
		case mode == "shared" || mode == "rshared":
			return errPropagation
		case modes != "" && !slices.Contains(volumeModes, mode):
			return fmt.Errorf("mode %q: %s are allowed", mode, strings.Join(volumeModes, ", "))
		}
	}
	if err := allowedSource(source, true); err != nil {
		return err
	}
	target, err := d.place("volume", target)
	if err == nil {
		d.c.Host.Binds = append(d.c.Host.Binds, strings.Join(append([]string{source, target}, parts[2:]...), ":"))
	}
	return err
}

// anonymous volumes are removed with the container.
func (d *draft) anonymous(target string) error {
	if !path.IsAbs(target) {
		return fmt.Errorf("path in the container %q: must be absolute", target)
	}
	target, err := d.place("volume", target)
	if err != nil {
		return err
	}
	if d.c.Config.Volumes == nil {
		d.c.Config.Volumes = map[string]struct{}{}
	}
	d.c.Config.Volumes[target] = struct{}{}
	return nil
}

// commas splits a list as docker run does: quotes keep a comma.
func commas(text string) ([]string, error) {
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil, errors.New("not a list of <key>=<value>, with commas between them")
	}
	return fields, nil
}
