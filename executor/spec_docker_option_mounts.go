package executor

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/mount"
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
	for _, mode := range strings.Split(strings.Join(parts[2:], ""), ",") {
		switch {
		case mode == "shared" || mode == "rshared":
			return errPropagation
		case len(parts) == 3 && !slices.Contains(volumeModes, mode):
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

// mountOption reads docker run's list of <key>=<value>.
func mountOption(d *draft, value string) error {
	fields, err := commas(value)
	if err != nil {
		return err
	}
	m := mount.Mount{Type: mount.TypeVolume}
	for _, field := range fields {
		key, text, given := strings.Cut(field, "=")
		if err := mountField(&m, key, text, given); err != nil {
			return fmt.Errorf("%q: %w", field, err)
		}
	}
	switch {
	case !path.IsAbs(m.Target):
		return fmt.Errorf("target %q: must be absolute", m.Target)
	case m.Type == mount.TypeBind && !path.IsAbs(m.Source):
		return fmt.Errorf("source %q: must be absolute", m.Source)
	case m.Type == mount.TypeBind:
		err = allowedSource(m.Source, m.BindOptions == nil || !m.BindOptions.NonRecursive)
	case m.Type == mount.TypeTmpfs && m.Source != "":
		err = fmt.Errorf("source %q: a tmpfs has none", m.Source)
	case m.Type == mount.TypeVolume && m.Source != "" && !volumeName(m.Source):
		err = fmt.Errorf("source %q: not the name of a docker volume", m.Source)
	}
	if err != nil {
		return err
	}
	if m.Target, err = d.place("mount", m.Target); err == nil {
		d.c.Host.Mounts = append(d.c.Host.Mounts, m)
	}
	return err
}

func mountField(m *mount.Mount, key, text string, given bool) (err error) {
	switch key {
	case "type":
		switch m.Type = mount.Type(text); m.Type {
		case mount.TypeBind, mount.TypeVolume, mount.TypeTmpfs:
			return nil
		}
		return errors.New("bind, volume and tmpfs are allowed")
	case "source", "src":
		m.Source = text
	case "target", "destination", "dst":
		m.Target = text
	case "readonly", "ro":
		m.ReadOnly, err = flag(text, given)
	case "consistency":
		m.Consistency = mount.Consistency(text)
	case "bind-propagation", "bind-nonrecursive":
		return bindField(m, key, text, given)
	case "volume-nocopy", "volume-driver", "volume-opt", "volume-label":
		return volumeField(m, key, text, given)
	case "tmpfs-size", "tmpfs-mode":
		return tmpfsField(m, key, text)
	default:
		return errors.New("type, source, target, readonly, bind-propagation, bind-nonrecursive, volume-driver, volume-opt, volume-label, volume-nocopy, tmpfs-size and tmpfs-mode are allowed")
	}
	return err
}

// flag is a word that may stand without a value.
func flag(text string, given bool) (bool, error) {
	if !given {
		return true, nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("true and false are allowed")
	}
	return b, nil
}

func bindField(m *mount.Mount, key, text string, given bool) (err error) {
	if m.BindOptions == nil {
		m.BindOptions = &mount.BindOptions{}
	}
	if key == "bind-nonrecursive" {
		m.BindOptions.NonRecursive, err = flag(text, given)
		return err
	}
	switch p := mount.Propagation(text); p {
	case mount.PropagationPrivate, mount.PropagationRPrivate, mount.PropagationSlave, mount.PropagationRSlave:
		m.BindOptions.Propagation = p
		return nil
	}
	return errPropagation
}

func volumeField(m *mount.Mount, key, text string, given bool) (err error) {
	if m.VolumeOptions == nil {
		m.VolumeOptions = &mount.VolumeOptions{Labels: map[string]string{}}
	}
	o := m.VolumeOptions
	k, v, _ := strings.Cut(text, "=")
	switch key {
	case "volume-nocopy":
		o.NoCopy, err = flag(text, given)
		return err
	case "volume-label":
		o.Labels[k] = v
		return nil
	}
	if o.DriverConfig == nil {
		o.DriverConfig = &mount.Driver{Options: map[string]string{}}
	}
	if key == "volume-opt" {
		o.DriverConfig.Options[k] = v
		return nil
	}
	if strings.EqualFold(text, "flocker") {
		return errors.New("name the dataset in a label flocker.volume")
	}
	o.DriverConfig.Name = text
	return nil
}

func tmpfsField(m *mount.Mount, key, text string) (err error) {
	if m.TmpfsOptions == nil {
		m.TmpfsOptions = &mount.TmpfsOptions{}
	}
	if key == "tmpfs-size" {
		m.TmpfsOptions.SizeBytes, err = bytesOf(text)
		return err
	}
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil {
		return errors.New("an octal mode is allowed")
	}
	m.TmpfsOptions.Mode = os.FileMode(n)
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
