package executor

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/mount"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// storageRoot is where Flocker mounts a node's datasets.
const storageRoot = "/flocker"

// mounts are the volumes of the ContainerInfo. Those of labels are bound when
// they are held.
func (d *draft) mounts() error {
	for i, v := range d.info.Volumes {
		if err := d.volume(v); err != nil {
			return fmt.Errorf("container.volumes[%d]: %w", i, err)
		}
	}
	return nil
}

func (d *draft) volume(v mesos.Volume) error {
	mode := strings.ToLower(v.GetMode().String())
	if mode != "rw" && mode != "ro" {
		return fmt.Errorf("mode: %v: RW and RO are allowed", v.GetMode())
	}
	switch {
	case v.Image != nil:
		return errors.New("image: an image as a volume is not possible: leave it out")
	case v.Source != nil && v.HostPath != nil:
		return errors.New("give only one of host_path and source")
	case v.Source != nil:
		return d.sourceVolume(v, mode)
	case v.GetHostPath() == "":
		return errors.New("host_path or source is missing")
	}
	return d.hostPath(v, mode)
}

// hostPath is a directory or file of the node, or of the sandbox when relative,
// and made by the engine if it is missing (docker run -v); with a volume_driver,
// what is relative is the name of one of its volumes.
func (d *draft) hostPath(v mesos.Volume, mode string) error {
	source, target := v.GetHostPath(), v.ContainerPath
	switch {
	case path.IsAbs(source), d.docker.GetVolumeDriver() != "":
	case !path.IsAbs(target):
		return fmt.Errorf("host_path %q and container_path %q: both are relative; one must be absolute", source, target)
	case slices.Contains(strings.Split(source, "/"), ".."):
		return fmt.Errorf(`host_path: %q: ".." is not allowed; it must lie in the sandbox, or be absolute`, source)
	default:
		source = d.onNode(path.Clean(source))
	}
	target, err := d.place("container_path", target)
	if err != nil {
		return err
	}
	return d.bind(source, target, mode)
}

// bind is docker run -v, but for colons, which only a mount of an existing
// source can have.
func (d *draft) bind(source, target, mode string) error {
	if err := allowedSource(source, true); err != nil {
		return err
	}
	if strings.Contains(source+target, ":") {
		d.c.Host.Mounts = append(d.c.Host.Mounts, mount.Mount{Type: mount.TypeBind, Source: source, Target: target, ReadOnly: mode == "ro"})
		return nil
	}
	d.c.Host.Binds = append(d.c.Host.Binds, source+":"+target+":"+mode)
	return nil
}

// sourceVolume is a volume of one of the engine's drivers. Unlike Mesos' own
// executor, which takes no options for them, each has its own driver.
func (d *draft) sourceVolume(v mesos.Volume, mode string) error {
	s := v.Source.DockerVolume
	switch {
	case v.Source.Type != mesos.Volume_Source_DOCKER_VOLUME || s == nil:
		return fmt.Errorf("source: type %v: DOCKER_VOLUME is allowed", v.Source.Type)
	case strings.EqualFold(s.GetDriver(), "flocker"):
		return fmt.Errorf("source: driver %q: name the dataset in a label %svolume", s.GetDriver(), d.options.LabelPrefix)
	case !volumeName(s.Name):
		return fmt.Errorf("source: name %q: not the name of a docker volume", s.Name)
	}
	target, err := d.place("container_path", v.ContainerPath)
	if err != nil {
		return err
	}
	m := mount.Mount{Type: mount.TypeVolume, Source: s.Name, Target: target, ReadOnly: mode == "ro"}
	options := map[string]string{}
	for _, o := range s.GetDriverOptions().GetParameter() {
		options[o.Key] = o.Value
	}
	if driver := cmp.Or(s.GetDriver(), d.docker.GetVolumeDriver()); driver != "" {
		m.VolumeOptions = &mount.VolumeOptions{DriverConfig: &mount.Driver{Name: driver, Options: options}}
	}
	if err := allowedVolume(m.VolumeOptions); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	d.c.Host.Mounts = append(d.c.Host.Mounts, m)
	return nil
}

// place is where something is mounted in the container: nothing may lie on or in
// a dataset, and nothing twice at one place.
func (d *draft) place(field, target string) (string, error) {
	if target == "" || strings.ContainsRune(target, 0) {
		return "", fmt.Errorf("%s: %q: no path", field, target)
	}
	if target = path.Clean(target); !path.IsAbs(target) {
		target = path.Join(mappedSandbox, target)
	}
	for _, v := range d.volumes {
		if volumes.Inside(target, v.Path) {
			return "", fmt.Errorf("%s: %q: there is the volume of label %s", field, target, v.Label)
		}
	}
	switch before, again := d.taken[target]; {
	case target == "/", target == mappedSandbox:
		return "", fmt.Errorf("%s: %q: it would hide the container's own files or its sandbox", field, target)
	case again:
		return "", fmt.Errorf("%s: %q: there is %s already", field, target, before)
	}
	d.taken[target] = field
	return target, nil
}

// allowedSource refuses what copies datasets into the container: no lease and no
// pin would go with them, and what is written through a copy can be lost.
func allowedSource(source string, recursive bool) error {
	if !path.IsAbs(source) {
		return nil // a volume of the engine
	}
	clean := path.Clean(source)
	if volumes.Inside(clean, storageRoot) || recursive && volumes.Inside(storageRoot, clean) {
		return fmt.Errorf("source %q: below %s are the node's datasets, which come by labels only; "+
			"a mount with bind-nonrecursive, and without slave propagation, leaves them out", source, storageRoot)
	}
	return nil
}

// allowedVolume refuses the same of a volume of the engine: its own driver, local,
// mounts any device or directory.
func allowedVolume(o *mount.VolumeOptions) error {
	if o == nil || o.DriverConfig == nil {
		return nil
	}
	device := o.DriverConfig.Options["device"]
	if device == "" {
		return nil
	}
	if err := allowedSource(path.Join("/", device), true); err != nil { // the engine's folder is /
		return fmt.Errorf("option device: %w", err)
	}
	return nil
}

// volumeName as the engine allows it.
func volumeName(name string) bool {
	return len(name) > 1 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == "" &&
		!strings.ContainsAny(name[:1], "_.-")
}
