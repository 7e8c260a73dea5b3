package executor

import (
	"errors"
	"fmt"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// unsupported names everything in t that asks for something that a process cannot
// have, and what to do instead.
func unsupported(t mesos.TaskInfo, r volumes.Request, o SpecOptions) error {
	if r.ImageFile != "" {
		return fmt.Errorf("label %simage-file: value %q: only a docker container has an image: name it with label %simage", o.LabelPrefix, r.ImageFile, o.LabelPrefix)
	}
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
	add(c.GetType() != mesos.ContainerInfo_MESOS, "type %v (DOCKER and MESOS are allowed)", c.GetType())
	add(c.Docker != nil && c.GetType() == mesos.ContainerInfo_MESOS, "docker (of type MESOS the task is a process: use type DOCKER, or leave it out)")
	add(c.Mesos.GetImage() != nil, "mesos.image (of type MESOS the task is a process and sees the node's files: use type DOCKER, or leave it out)")
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
	return notDone(fields)
}

func notDone(fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	return errors.New("the task asks for what flocker-executor does not do: " + strings.Join(fields, ", "))
}
