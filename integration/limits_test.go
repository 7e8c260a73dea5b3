package integration_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// contained is a task with a volume and a ContainerInfo.
func contained(id, command string, container mesos.ContainerInfo) cluster.Task {
	task := volumeTask(id, "", id, command)
	task.Info = func(info *mesos.TaskInfo) {
		container.Type = mesos.ContainerInfo_MESOS.Enum()
		info.Container = &container
	}
	return task
}

func TestResourceLimits(t *testing.T) {
	c := shared(t)
	t.Parallel()
	task := contained("rlimits", `ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -St`, mesos.ContainerInfo{RlimitInfo: &mesos.RLimitInfo{Rlimits: []mesos.RLimitInfo_RLimit{
		{Type: mesos.RLimitInfo_RLimit_RLMT_NOFILE, Soft: ptr(uint64(100)), Hard: ptr(uint64(200))},
		{Type: mesos.RLimitInfo_RLimit_RLMT_CORE, Soft: ptr(uint64(0)), Hard: ptr(uint64(0))},
		{Type: mesos.RLimitInfo_RLimit_RLMT_CPU},
	}}})
	task.Labels["flocker.user"] = "nobody"
	if got := finishes(t, c, task); got != "100\n200\n0\nunlimited\n" {
		t.Errorf("the task has limits %q", got)
	}
	gone(t, c, "rlimits")
}

// The sets are those of capabilities(7) in /proc: 0x401 is CHOWN and
// NET_BIND_SERVICE.
func TestLinuxCapabilities(t *testing.T) {
	c := shared(t)
	t.Parallel()
	list := func(names ...mesos.CapabilityInfo_Capability) *mesos.CapabilityInfo {
		return &mesos.CapabilityInfo{Capabilities: names}
	}
	const chown, bind = mesos.CapabilityInfo_CHOWN, mesos.CapabilityInfo_NET_BIND_SERVICE
	for name, tc := range map[string]struct {
		user  string
		asked mesos.LinuxInfo
		want  []string
	}{
		"effective":  {"", mesos.LinuxInfo{EffectiveCapabilities: list(chown, bind)}, []string{"CapEff:0000000000000401", "CapPrm:0000000000000401", "CapBnd:0000000000000401"}},
		"bounding":   {"", mesos.LinuxInfo{BoundingCapabilities: list(bind)}, []string{"CapEff:0000000000000400", "CapBnd:0000000000000400"}},
		"deprecated": {"", mesos.LinuxInfo{CapabilityInfo: list(bind)}, []string{"CapEff:0000000000000400", "CapBnd:0000000000000400"}},
		"of a user":  {"nobody", mesos.LinuxInfo{EffectiveCapabilities: list(bind), BoundingCapabilities: list(bind, chown)}, []string{"CapEff:0000000000000400", "CapAmb:0000000000000400", "CapBnd:0000000000000401"}},
		"none":       {"nobody", mesos.LinuxInfo{}, []string{"CapEff:0000000000000000", "CapAmb:0000000000000000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "capabilities-" + strings.ReplaceAll(name, " ", "-")
			task := contained(id, `grep ^Cap /proc/self/status | tr -d '\t'`, mesos.ContainerInfo{LinuxInfo: &tc.asked})
			if tc.user != "" {
				task.Labels["flocker.user"] = tc.user
			}
			got := finishes(t, c, task)
			for _, want := range tc.want {
				if !strings.Contains(got, want+"\n") {
					t.Errorf("the task has %q, want %s", got, want)
				}
			}
			gone(t, c, id)
		})
	}
}

// A terminal of the task's own, of the size that was asked for; what is written
// to it is in the sandbox's stdout.
func TestTTY(t *testing.T) {
	c := shared(t)
	t.Parallel()
	task := contained("tty", `tty && stty size && [ -t 0 ] && [ -t 2 ] && echo terminal >&2`, mesos.ContainerInfo{
		TTYInfo: &mesos.TTYInfo{WindowSize: &mesos.TTYInfo_WindowSize{Rows: 33, Columns: 99}},
	})
	submit(t, c, task)
	reaches(t, c, "tty", mesos.TASK_FINISHED)
	got := strings.ReplaceAll(printed(t, c, "tty", "terminal"), "\r", "")
	if !strings.HasPrefix(got, "/dev/") || !strings.HasSuffix(got, "\n33 99\nterminal\n") {
		t.Errorf("the task said %q", got)
	}
	gone(t, c, "tty")
}

func TestWorkingDirectoryIsTheSandbox(t *testing.T) {
	c := shared(t)
	t.Parallel()
	got := finishes(t, c, volumeTask("working-directory", "", "working-directory", `[ "$PWD" = "$MESOS_SANDBOX" ] && pwd`))
	sandbox, err := c.Sandbox(deadline(t), "working-directory")
	if err != nil || got != sandbox+"\n" {
		t.Errorf("the task is in %q, its sandbox %q (%v)", got, sandbox, err)
	}
	gone(t, c, "working-directory")
}

// What cannot be given is refused by its name, before anything is leased.
func TestContainerRefused(t *testing.T) {
	c := shared(t)
	t.Parallel()
	for name, tc := range map[string]struct {
		container mesos.ContainerInfo
		says      []string
	}{
		"hostname": {mesos.ContainerInfo{Hostname: ptr("h")}, []string{"container.hostname", "ExecutorInfo.container"}},
		"image":    {mesos.ContainerInfo{Mesos: &mesos.ContainerInfo_MesosInfo{Image: &mesos.Image{Type: mesos.Image_DOCKER.Enum(), Docker: &mesos.Image_Docker{Name: "busybox"}}}}, []string{"container.mesos.image"}},
		"shm":      {mesos.ContainerInfo{LinuxInfo: &mesos.LinuxInfo{IPCMode: mesos.LinuxInfo_PRIVATE.Enum(), SHMSize: ptr(uint32(64))}}, []string{"linux_info.ipc_mode PRIVATE", "linux_info.shm_size"}},
		"limit":    {mesos.ContainerInfo{RlimitInfo: &mesos.RLimitInfo{Rlimits: []mesos.RLimitInfo_RLimit{{Type: mesos.RLimitInfo_RLimit_RLMT_NOFILE, Soft: ptr(uint64(1))}}}}, []string{"RLMT_NOFILE: give both"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "container-refused-" + name
			refused(t, c, contained(id, "true", tc.container), tc.says...)
			unmade(t, c, id)
		})
	}
}
