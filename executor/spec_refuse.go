package executor

import (
	"errors"
	"fmt"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// unsupported names everything in t that asks for something we cannot do, and
// what to do instead.
func unsupported(t mesos.TaskInfo) error {
	if t.Container == nil {
		return nil
	}
	var fields []string
	add := func(asked bool, format string, a ...any) {
		if asked {
			fields = append(fields, "container."+fmt.Sprintf(format, a...))
		}
	}
	c := t.Container
	add(c.GetType() != mesos.ContainerInfo_MESOS, "type %v (a task is a process here: use type MESOS)", c.GetType())
	add(c.Docker != nil && c.GetType() == mesos.ContainerInfo_MESOS, "docker (a task is a process here: leave it out)")
	add(c.Mesos.GetImage() != nil, "mesos.image (a task is a process here and sees the node's files: leave it out)")
	add(len(c.Volumes) > 0, "volumes (use flocker.volume labels)")
	add(c.Hostname != nil, "hostname (the task has the executor's: set it on ExecutorInfo.container)")
	add(len(c.NetworkInfos) > 0, "network_infos (the task has the executor's network: set them on ExecutorInfo.container)")
	if l := c.LinuxInfo; l != nil {
		add(l.GetSharePIDNamespace(), "linux_info.share_pid_namespace (a task always has a PID namespace of its own: leave it out)")
		add(l.Seccomp.GetProfileName() != "", "linux_info.seccomp.profile_name (set it on ExecutorInfo.container)")
		add(l.IPCMode != nil && *l.IPCMode != mesos.LinuxInfo_SHARE_PARENT,
			"linux_info.ipc_mode %v (the task shares the executor's: use SHARE_PARENT, or set it on ExecutorInfo.container)", l.GetIPCMode())
		add(l.SHMSize != nil, "linux_info.shm_size (the task shares the executor's /dev/shm: set it on ExecutorInfo.container)")
		add(!l.GetShareCgroups(), "linux_info.share_cgroups false (the task shares the executor's cgroups: leave it out)")
	}
	if len(fields) == 0 {
		return nil
	}
	return errors.New("the task asks for what flocker-executor does not do: " + strings.Join(fields, ", "))
}
