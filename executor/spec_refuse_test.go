package executor_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// refuses says that a task is refused with a message of these words.
func refuses(t *testing.T, task mesos.TaskInfo, group bool, words ...string) {
	t.Helper()
	_, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"true"}, Sandbox: "/s", Group: group})
	for _, want := range words {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, wanted %q", err, want)
		}
	}
}

// accepted gives the Spec of a task that must be fine.
func accepted(t *testing.T, task mesos.TaskInfo) executor.Spec {
	t.Helper()
	s, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"true"}, Environ: []string{"PATH=/bin"}, Sandbox: "/s"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func withContainer(c mesos.ContainerInfo) mesos.TaskInfo {
	t := info("t")
	if c.Type == nil {
		c.Type = mesos.ContainerInfo_MESOS.Enum()
	}
	t.Container = &c
	return t
}

// What a container can ask for and a process cannot have: each field by its
// name, and what to do instead.
func TestContainerFieldsThatAreRefused(t *testing.T) {
	linux := func(l mesos.LinuxInfo) mesos.ContainerInfo { return mesos.ContainerInfo{LinuxInfo: &l} }
	for field, c := range map[string]mesos.ContainerInfo{
		"container.type 7 (DOCKER and MESOS are allowed)":   {Type: ptr(mesos.ContainerInfo_Type(7))},
		"container.docker (":                                {Docker: &mesos.ContainerInfo_DockerInfo{}},
		"container.mesos.image (":                           {Mesos: &mesos.ContainerInfo_MesosInfo{Image: &mesos.Image{}}},
		"container.volumes (use flocker.volume labels)":     {Volumes: []mesos.Volume{{}}},
		"container.hostname (":                              {Hostname: ptr("h")},
		"container.network_infos (":                         {NetworkInfos: []mesos.NetworkInfo{{}}},
		"container.linux_info.share_pid_namespace (":        linux(mesos.LinuxInfo{SharePIDNamespace: ptr(true)}),
		"container.linux_info.seccomp.profile_name (":       linux(mesos.LinuxInfo{Seccomp: &mesos.SeccompInfo{ProfileName: ptr("strict")}}),
		"container.linux_info.ipc_mode PRIVATE (":           linux(mesos.LinuxInfo{IPCMode: mesos.LinuxInfo_PRIVATE.Enum()}),
		"container.linux_info.shm_size (":                   linux(mesos.LinuxInfo{SHMSize: ptr(uint32(64))}),
		"container.linux_info.share_cgroups false (":        linux(mesos.LinuxInfo{ShareCgroups: ptr(false)}),
		"container.hostname (the task has the executor's: ": {Hostname: ptr("h"), Volumes: []mesos.Volume{{}}},
	} {
		refuses(t, withContainer(c), false, "the task asks for what flocker-executor does not do: ", field)
	}
}

// What a task of a process is anyway may be said.
func TestContainerFieldsThatAreAccepted(t *testing.T) {
	accepted(t, withContainer(mesos.ContainerInfo{}))
	accepted(t, withContainer(mesos.ContainerInfo{Mesos: &mesos.ContainerInfo_MesosInfo{}, LinuxInfo: &mesos.LinuxInfo{
		SharePIDNamespace: ptr(false), Seccomp: &mesos.SeccompInfo{Unconfined: ptr(true)},
		IPCMode: mesos.LinuxInfo_SHARE_PARENT.Enum(), ShareCgroups: ptr(true),
	}}))
}

func TestTimesOfATask(t *testing.T) {
	task := info("t")
	task.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: 0}}
	task.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: 5}
	if s := accepted(t, task); s.KillGrace != 0 || s.MaxCompletion != 5 {
		t.Errorf("kill grace %v, max completion %v", s.KillGrace, s.MaxCompletion)
	}
	if s := accepted(t, info("t")); s.KillGrace != 3e9 || s.MaxCompletion != 0 {
		t.Errorf("without: kill grace %v, max completion %v", s.KillGrace, s.MaxCompletion)
	}
	task.KillPolicy.GracePeriod.Nanoseconds = -1
	refuses(t, task, false, "kill_policy.grace_period: -1ns: must not be negative")
	task.KillPolicy, task.MaxCompletionTime.Nanoseconds = nil, -1
	refuses(t, task, false, "max_completion_time")
}
