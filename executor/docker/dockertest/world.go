package dockertest

import (
	"os/exec"
	"strings"
)

// What an engine that is started by a shell sees other than the machine does. The
// mounts are its own and go with it.
const (
	// dockerd and runc use cgroup v2 where that is what /sys/fs/cgroup is. A machine
	// with v1 has it besides, without controllers; one without v1 has nothing else.
	worldV2 = `[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup`
	// dockerd agrees to the driver where this folder is. Nobody makes the cgroups.
	worldSystemd = `mount -t tmpfs run /run && mkdir -p /run/systemd/system`
)

// command is dockerd's, in namespaces of its own where the options need any. Its
// process is dockerd's in any case.
func (e *Engine) command() *exec.Cmd {
	var unshare, world []string
	if e.options.CgroupNamespace {
		unshare = append(unshare, "--cgroup")
	}
	if e.options.CgroupV2 {
		world = append(world, worldV2)
	}
	if e.options.Systemd {
		world = append(world, worldSystemd)
	}
	command := append([]string{"dockerd"}, e.args()...)
	if len(world) > 0 {
		unshare = append(unshare, "--mount", "--propagation", "slave")
		command = append([]string{"sh", "-e", "-c", strings.Join(append(world, `exec "$0" "$@"`), "\n")}, command...)
	}
	if len(unshare) > 0 {
		command = append(append([]string{"unshare"}, unshare...), command...)
	}
	return exec.Command(command[0], command[1:]...)
}

// driver are the arguments that are about cgroups.
func (e *Engine) driver() []string {
	if e.options.Systemd {
		return []string{"--exec-opt", "native.cgroupdriver=systemd", "--cgroup-parent", strings.TrimPrefix(e.cgroup, "/") + ".slice"}
	}
	return []string{"--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", e.cgroup}
}
