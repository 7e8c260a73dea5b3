package flockertest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// loopback is the backend of sparse files: one volume is one image behind a loop
// device with ext4 on it.
type loopback struct {
	pool pool
	root string
	// devices are those this agent made. After a move away and back an older
	// device of the same image may still be there, detached lazily.
	devices map[string]int // by volume
}

// newLoopback also detaches what a node of this name had attached that was killed
// with its namespace: a machine that starts has no loop devices. Those of an agent
// that was only restarted stay.
func newLoopback(dir, node, root string) (*loopback, error) {
	p, err := newPool(dir, node)
	if err != nil {
		return nil, err
	}
	err = sweepDevices([]string{p.attached(node)}, false)
	return &loopback{pool: p, root: root, devices: map[string]int{}}, err
}

func (l *loopback) discover() ([]found, error) {
	all, err := l.pool.list()
	if err != nil {
		return nil, err
	}
	devices, err := Backing()
	if err != nil {
		return nil, err
	}
	mounted, err := mountsByDevice()
	if err != nil {
		return nil, err
	}
	for i := range all {
		f := &all[i]
		if f.attached != l.pool.node {
			continue
		}
		image := l.pool.path(f.name, f.attached)
		minor, ok := l.device(f.name, devices[image])
		if !ok {
			continue
		}
		f.device = devicePath(minor)
		f.formatted = hasExt4(image)
		if mounted[minor] == l.path(*f) {
			f.path = l.path(*f)
		}
	}
	return all, nil
}

// device picks the loop device of a volume: the one this agent made while it is
// still there, else the newest.
func (l *loopback) device(name string, candidates []int) (minor int, ok bool) {
	for _, c := range candidates {
		minor, ok = c, true
		if mine, made := l.devices[name]; made && mine == c {
			return c, true
		}
	}
	return minor, ok
}

// mountsByDevice maps the minor of each mounted loop device to its mount point.
// Like the real agent it keeps one per device, the last in the table.
func mountsByDevice() (map[int]string, error) {
	infos, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) { return i.Major != loopMajor, false })
	if err != nil {
		return nil, err
	}
	mounted := map[int]string{}
	for _, i := range infos {
		mounted[i.Minor] = i.Mountpoint
	}
	return mounted, nil
}

// hasExt4 looks for the magic number in the superblock of an image.
func hasExt4(image string) bool {
	f, err := os.Open(image)
	if err != nil {
		return false
	}
	defer f.Close()
	magic := make([]byte, 2)
	_, err = f.ReadAt(magic, 1024+56)
	return err == nil && magic[0] == 0x53 && magic[1] == 0xEF
}

func (l *loopback) path(f found) string { return filepath.Join(l.root, f.dataset) }

func (l *loopback) create(dataset string, size int64) (string, error) {
	name := newName(dataset)
	return name, l.pool.create(name, size)
}

func (l *loopback) attach(f found) error {
	if err := l.pool.take(f); err != nil {
		return err
	}
	minor, err := attachLoop(l.pool.path(f.name, l.pool.node))
	if err != nil {
		return err
	}
	l.devices[f.name] = minor
	return nil
}

func (l *loopback) format(f found) error {
	cmd := exec.Command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", f.device)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mkfs.ext4 %s: %w: %s", f.device, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// mount mounts, and opens the root directory of a filesystem that is empty but
// for lost+found to everybody, in this order (recorded).
func (l *loopback) mount(f found) error {
	path := l.path(f)
	if err := makeMountPoint(path); err != nil {
		return err
	}
	if err := unix.Mount(f.device, path, "ext4", 0, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", f.device, path, err)
	}
	return openRoot(path)
}

func makeMountPoint(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return os.Chmod(filepath.Dir(path), 0o700)
}

func openRoot(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(names) != 1 || names[0] != "lost+found" {
		return nil
	}
	return errors.Join(os.Remove(filepath.Join(path, names[0])), os.Chmod(path, 0o777))
}

// unmount leaves the directory.
func (l *loopback) unmount(f found) error {
	if err := unix.Unmount(f.path, 0); err != nil {
		return fmt.Errorf("umount %s: %w", f.path, err)
	}
	return nil
}

// detach frees the loop device and gives the image back. The kernel reports
// success also while the filesystem is mounted elsewhere, and keeps the device
// until then; nothing here looks.
func (l *loopback) detach(f found) error {
	if f.device != "" {
		if err := clearLoop(f.device); err != nil {
			return err
		}
		delete(l.devices, f.name)
	}
	return l.pool.give(f)
}

func (l *loopback) destroy(f found) error { return l.pool.remove(f) }
