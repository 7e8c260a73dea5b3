package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// Paths of a node as the programs in it see them.
const (
	storageRoot = "/flocker"
	configDir   = "/etc/flocker"
	stateDir    = "/var/lib/flocker-executor"
	bootIDPath  = "/proc/sys/kernel/random/boot_id"
)

// enterWorld gives the calling process, which is alone in new mount and PID
// namespaces, a root of its own: every directory of the machine, but with the
// node's storage root, Flocker configuration, executor state and boot id. No
// mount made here is seen outside; below, everything is shared, so that slave
// namespaces of the node receive its mounts, as on a machine run by systemd.
func enterWorld(c nodeConfig) error {
	dir := c.Dir
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	root := filepath.Join(dir, "root")
	steps := []func(string, string) error{newRoot, bindMachine, overlayMachine, bindNode}
	if len(c.Docker.Command) > 0 {
		steps = append(steps, c.Docker.world)
	}
	steps = append(steps, pivot)
	for _, step := range steps {
		if err := step(dir, root); err != nil {
			return err
		}
	}
	if err := dropDatasets(); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("make / shared: %w", err)
	}
	return nil
}

// dropDatasets detaches what the machine has mounted from loop devices: a frozen
// copy in here would keep another cluster's dataset alive after it has left.
func dropDatasets() error {
	loops, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) {
		return !strings.HasPrefix(i.Source, "/dev/loop"), false
	})
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(loops) {
		if err := unix.Unmount(m.Mountpoint, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("detach the machine's %s: %w", m.Mountpoint, err)
		}
	}
	return nil
}

// newRoot is unbindable until the end, so that binding the machine's
// directories does not bind it into itself.
func newRoot(_, root string) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("node", root, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", root, err)
	}
	return unix.Mount("", root, "", unix.MS_UNBINDABLE, "")
}

// bindMachine shows the machine's root directories, except those that are the
// node's own or need another treatment.
func bindMachine(_, root string) error {
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	for _, e := range entries {
		from, to := "/"+e.Name(), filepath.Join(root, e.Name())
		switch {
		case from == storageRoot || from == "/proc" || from == "/etc":
		case e.Type()&os.ModeSymlink != 0:
			err = copyLink(from, to)
		case e.IsDir():
			err = bindDir(from, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	return os.Symlink(target, to)
}

func bindDir(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s on %s: %w", from, to, err)
	}
	return nil
}

// overlayMachine lets the node have directories in /etc and /var/lib without
// making them on the machine.
func overlayMachine(dir, root string) error {
	for name, lower := range map[string]string{"etc": "/etc", "var-lib": "/var/lib"} {
		upper, work := filepath.Join(dir, name, "upper"), filepath.Join(dir, name, "work")
		target := filepath.Join(root, lower)
		for _, d := range []string{upper, work, target} {
			if err := os.MkdirAll(d, 0o755); err != nil {
				return err
			}
		}
		options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work)
		if err := unix.Mount("node", target, "overlay", 0, options); err != nil {
			return fmt.Errorf("mount overlay on the node's %s (overlayfs is needed): %w", lower, err)
		}
	}
	return nil
}

// bindNode brings in what is the node's own.
func bindNode(dir, root string) error {
	if err := os.MkdirAll(filepath.Join(root, "proc"), 0o555); err != nil {
		return err
	}
	if err := unix.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""); err != nil {
		return fmt.Errorf("mount proc: %w", err)
	}
	own := map[string]string{"flocker": storageRoot, "etc-flocker": configDir, "state": stateDir}
	for name, path := range own {
		if err := bindDir(filepath.Join(dir, name), filepath.Join(root, path)); err != nil {
			return err
		}
	}
	bootID := filepath.Join(root, bootIDPath)
	if err := unix.Mount(filepath.Join(dir, "boot_id"), bootID, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind the boot id: %w", err)
	}
	return nil
}

func pivot(_, root string) error {
	if err := unix.Mount("", root, "", unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make %s private: %w", root, err)
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root %s: %w", root, err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("detach the old root: %w", err)
	}
	return os.Chdir("/")
}
