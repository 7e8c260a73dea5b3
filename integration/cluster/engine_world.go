package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// subordinates are the users and groups of containers with --userns-remap; that
// of the container's root comes first.
const subordinates = "daemon:200000:65536\n"

// arguments of dockerd that go with what world makes.
func (e engineConfig) arguments(cgroup string) []string {
	args := []string{"--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/" + cgroup}
	if e.Systemd {
		args = []string{"--exec-opt", "native.cgroupdriver=systemd", "--cgroup-parent", cgroup + ".slice"}
	}
	if e.RemapUsers {
		args = append(args, "--userns-remap", "daemon")
	}
	return args
}

// world is what the engine of a node finds there, and nobody outside does.
func (e engineConfig) world(_, root string) error {
	if err := ownRun(root); err != nil {
		return err
	}
	if e.Systemd { // dockerd takes this folder for it
		if err := os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o755); err != nil {
			return err
		}
	}
	if e.CgroupV2 {
		if err := onlyV2(root); err != nil {
			return err
		}
	}
	if e.RemapUsers {
		return remap(root)
	}
	return nil
}

// remap names the users, and shows a whole /proc somewhere: in a user namespace the
// kernel mounts one only where that is to be seen, and the node's own has its boot id
// on it.
func remap(root string) error {
	for _, file := range []string{"etc/subuid", "etc/subgid"} {
		if err := os.WriteFile(filepath.Join(root, file), []byte(subordinates), 0o644); err != nil {
			return err
		}
	}
	whole := filepath.Join(root, "run/proc")
	if err := os.Mkdir(whole, 0o555); err != nil {
		return err
	}
	if err := unix.Mount("proc", whole, "proc", 0, ""); err != nil {
		return fmt.Errorf("mount %s: %w", whole, err)
	}
	return nil
}

// ownRun is for engines: their sockets and state are at fixed paths, and those
// of the machine's engine are out of sight.
func ownRun(root string) error {
	run := filepath.Join(root, "run")
	if err := unix.Mount("run", run, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", run, err)
	}
	return nil
}

// onlyV2 hides the hierarchies of cgroup v1, if the machine has them, behind that
// of v2, which it has besides.
func onlyV2(root string) error {
	all := filepath.Join(root, cgroupRoot)
	var fs unix.Statfs_t
	if err := unix.Statfs(all, &fs); err != nil {
		return fmt.Errorf("look at %s: %w", all, err)
	}
	if fs.Type == unix.CGROUP2_SUPER_MAGIC {
		return nil
	}
	v2 := filepath.Join(all, "unified")
	if err := unix.Mount(v2, all, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s on %s (a machine with cgroup v2, or with both, is needed): %w", v2, all, err)
	}
	return nil
}
