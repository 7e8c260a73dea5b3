package executor

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/mount"
)

// mountOption reads docker run's list of <key>=<value>.
func mountOption(d *draft, value string) error {
	fields, err := commas(value)
	if err != nil {
		return err
	}
	m := mount.Mount{Type: mount.TypeVolume}
	for _, field := range fields {
		key, text, given := strings.Cut(field, "=")
		if err := mountField(&m, strings.ToLower(key), text, given); err != nil {
			return fmt.Errorf("%q: %w", field, err)
		}
	}
	if err := unmixed(m); err != nil {
		return err
	}
	switch {
	case !path.IsAbs(m.Target):
		return fmt.Errorf("target %q: must be absolute", m.Target)
	case m.Type == mount.TypeBind && !path.IsAbs(m.Source):
		return fmt.Errorf("source %q: must be absolute", m.Source)
	case m.Type == mount.TypeBind:
		err = allowedSource(m.Source, bringsMounts(m.BindOptions))
	case m.Type == mount.TypeTmpfs && m.Source != "":
		err = fmt.Errorf("source %q: a tmpfs has none", m.Source)
	case m.Type == mount.TypeVolume && m.Source != "" && !volumeName(m.Source):
		err = fmt.Errorf("source %q: not the name of a docker volume", m.Source)
	case m.Type == mount.TypeVolume:
		err = allowedVolume(m.VolumeOptions)
	}
	if err != nil {
		return err
	}
	if m.Target, err = d.place("mount", m.Target); err == nil {
		d.c.Host.Mounts = append(d.c.Host.Mounts, m)
	}
	return err
}

// bringsMounts says whether a bind has the mounts below its source too, be it those
// that are mounted later.
func bringsMounts(o *mount.BindOptions) bool {
	return o == nil || !o.NonRecursive || o.Propagation == mount.PropagationSlave || o.Propagation == mount.PropagationRSlave
}

func mountField(m *mount.Mount, key, text string, given bool) (err error) {
	if !given && !slices.Contains(mountFlags, key) {
		return errors.New("<key>=<value> is allowed")
	}
	switch key {
	case "type":
		switch m.Type = mount.Type(strings.ToLower(text)); m.Type {
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
		m.Consistency = mount.Consistency(strings.ToLower(text))
	case "bind-propagation", "bind-nonrecursive", "bind-recursive":
		return bindField(m, key, text, given)
	case "volume-nocopy", "volume-driver", "volume-opt", "volume-label":
		return volumeField(m, key, text, given)
	case "tmpfs-size", "tmpfs-mode":
		return tmpfsField(m, key, text)
	default:
		return errors.New("type, source, target, readonly, bind-propagation, bind-recursive, volume-driver, volume-opt, volume-label, volume-nocopy, tmpfs-size and tmpfs-mode are allowed")
	}
	return err
}

// mountFlags may stand without a value.
var mountFlags = []string{"readonly", "ro", "bind-nonrecursive", "volume-nocopy"}

// unmixed: each kind of mount has options of its own.
func unmixed(m mount.Mount) error {
	for kind, given := range map[mount.Type]bool{
		mount.TypeBind: m.BindOptions != nil, mount.TypeVolume: m.VolumeOptions != nil, mount.TypeTmpfs: m.TmpfsOptions != nil,
	} {
		if given && kind != m.Type {
			return fmt.Errorf("%s- options do not go with type %s", kind, m.Type)
		}
	}
	return nil
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
	switch key {
	case "bind-nonrecursive":
		m.BindOptions.NonRecursive, err = flag(text, given)
		return err
	case "bind-recursive": // the other values are for engines of API 1.44
		m.BindOptions.NonRecursive = text == "disabled"
		if text != "disabled" && text != "enabled" {
			err = errors.New("enabled and disabled are allowed")
		}
		return err
	}
	switch p := mount.Propagation(strings.ToLower(text)); p {
	case "", mount.PropagationPrivate, mount.PropagationRPrivate, mount.PropagationSlave, mount.PropagationRSlave:
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
