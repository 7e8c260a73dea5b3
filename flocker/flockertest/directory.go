package flockertest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// directory is the backend for machines without loop devices. A volume's file in
// the pool holds nothing but its size; its data is a directory of the same name
// below data/, which is bound onto the root, or moved there where nothing may be
// mounted. Sizes are not enforced.
type directory struct {
	pool    pool
	root    string
	noMount bool
}

func newDirectory(dir, node, root string, noMount bool) (*directory, error) {
	p, err := newPool(dir, node)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}
	return &directory{p, root, noMount}, nil
}

func (d *directory) data(f found) string { return filepath.Join(d.pool.dir, "data", f.name) }
func (d *directory) path(f found) string { return filepath.Join(d.root, f.dataset) }

func (d *directory) discover() ([]found, error) {
	all, err := d.pool.list()
	if err != nil {
		return nil, err
	}
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(d.root))
	if err != nil {
		return nil, err
	}
	mounted := map[string]string{} // by mount point, the last one wins
	for _, m := range mounts {
		mounted[m.Mountpoint] = m.Root
	}
	for i := range all {
		f := &all[i]
		if f.attached != d.pool.node {
			continue
		}
		f.device, f.formatted = d.data(*f), true
		if d.isMounted(*f, mounted) {
			f.path = d.path(*f)
		}
	}
	return all, nil
}

func (d *directory) isMounted(f found, mounted map[string]string) bool {
	if d.noMount {
		_, err := os.Lstat(d.data(f))
		return errors.Is(err, fs.ErrNotExist)
	}
	// The root of a bind is a path within its filesystem, not one of ours.
	return strings.HasSuffix(mounted[d.path(f)], "/"+f.name)
}

func (d *directory) create(dataset string, size int64) (string, error) {
	f := found{dataset: dataset, name: newName(dataset)}
	if err := os.Mkdir(d.data(f), 0o777); err != nil {
		return "", err
	}
	if err := os.Chmod(d.data(f), 0o777); err != nil {
		return "", err
	}
	return f.name, d.pool.create(f.name, size)
}

func (d *directory) attach(f found) error { return d.pool.take(f) }
func (d *directory) format(found) error   { return nil }

func (d *directory) mount(f found) error {
	path := d.path(f)
	if err := makeMountPoint(path); err != nil {
		return err
	}
	if d.noMount {
		if err := os.Remove(path); err != nil {
			return err
		}
		return os.Rename(d.data(f), path)
	}
	if err := unix.Mount(d.data(f), path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s on %s: %w", d.data(f), path, err)
	}
	return nil
}

func (d *directory) unmount(f found) error {
	if d.noMount {
		if err := os.Rename(f.path, d.data(f)); err != nil {
			return err
		}
		return os.Mkdir(f.path, 0o700)
	}
	if err := unix.Unmount(f.path, 0); err != nil {
		return fmt.Errorf("umount %s: %w", f.path, err)
	}
	return nil
}

func (d *directory) detach(f found) error { return d.pool.give(f) }

func (d *directory) destroy(f found) error {
	return errors.Join(os.RemoveAll(d.data(f)), d.pool.remove(f))
}
