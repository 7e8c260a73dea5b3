package executor_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
)

func quantity(name string, value float64) mesos.Resource {
	return mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: value}}
}

// The node has 1 GiB.
func TestDockerResources(t *testing.T) {
	const mib = 1 << 20
	type limits = map[string]mesos.Value_Scalar
	for name, c := range map[string]struct {
		resources []mesos.Resource
		limits    limits
		want      container.Resources
		oom       int
	}{
		"none":              {nil, nil, container.Resources{}, 0},
		"cpus":              {[]mesos.Resource{quantity("cpus", 1.5)}, nil, container.Resources{CPUShares: 1536}, 0},
		"cpus of two roles": {[]mesos.Resource{quantity("cpus", 1), quantity("cpus", 0.5)}, nil, container.Resources{CPUShares: 1536}, 0},
		"few cpus":          {[]mesos.Resource{quantity("cpus", 0.001)}, nil, container.Resources{CPUShares: 2}, 0},
		"cpu limit":         {[]mesos.Resource{quantity("cpus", 1)}, limits{"cpus": {Value: 2.5}}, container.Resources{CPUShares: 1024, CPUQuota: 250_000}, 0},
		"small cpu limit":   {nil, limits{"cpus": {Value: 0.001}}, container.Resources{CPUQuota: 1000}, 0},
		"no cpu limit":      {nil, limits{"cpus": {Value: math.Inf(1)}}, container.Resources{}, 0},
		"memory":            {[]mesos.Resource{quantity("mem", 64)}, nil, container.Resources{Memory: 64 * mib}, 0},
		"little memory":     {[]mesos.Resource{quantity("mem", 1)}, nil, container.Resources{Memory: 32 * mib}, 0},
		"memory limit": {
			[]mesos.Resource{quantity("mem", 256)},
			limits{"mem": {Value: 512}},
			container.Resources{Memory: 512 * mib, MemoryReservation: 256 * mib},
			750,
		},
		"memory limit as requested": {
			[]mesos.Resource{quantity("mem", 256)},
			limits{"mem": {Value: 256}},
			container.Resources{Memory: 256 * mib, MemoryReservation: 256 * mib},
			0,
		},
		"no memory limit": {
			[]mesos.Resource{quantity("mem", 512)},
			limits{"mem": {Value: math.Inf(1)}},
			container.Resources{MemoryReservation: 512 * mib},
			500,
		},
		"more than the node has": {
			[]mesos.Resource{quantity("mem", 2048)},
			limits{"mem": {Value: 4096}},
			container.Resources{Memory: 4096 * mib, MemoryReservation: 2048 * mib},
			0,
		},
		"others": {[]mesos.Resource{quantity("disk", 1), quantity("gpus", 1), quantity("x", 1)}, nil, container.Resources{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			task := withDocker(nil)
			task.Resources, task.Limits = c.resources, c.limits
			task.Executor = &mesos.ExecutorInfo{Resources: []mesos.Resource{quantity("cpus", 8), quantity("mem", 999)}}
			got := contained(t, task).Container.Host
			if d := cmp.Diff(c.want, got.Resources); d != "" || got.OomScoreAdj != c.oom {
				t.Errorf("oom_score_adj %d, %s", got.OomScoreAdj, d)
			}
		})
	}
	for name, value := range map[string]float64{"cpus": -1, "mem": math.NaN()} {
		task := withDocker(nil)
		task.Limits = limits{name: {Value: value}}
		uncontained(t, task, "limits."+name+": ")
	}
}

func TestDockerUlimits(t *testing.T) {
	limit := func(kind mesos.RLimitInfo_RLimit_Type, values ...uint64) mesos.TaskInfo {
		l := mesos.RLimitInfo_RLimit{Type: kind}
		if len(values) == 2 {
			l.Soft, l.Hard = &values[0], &values[1]
		}
		return withDocker(func(_ *mesos.TaskInfo, c *mesos.ContainerInfo, _ *mesos.ContainerInfo_DockerInfo) {
			c.RlimitInfo = &mesos.RLimitInfo{Rlimits: []mesos.RLimitInfo_RLimit{l}}
		})
	}
	for kind, name := range mesos.RLimitInfo_RLimit_Type_name {
		switch k := mesos.RLimitInfo_RLimit_Type(kind); k {
		case mesos.RLimitInfo_RLimit_UNKNOWN:
			uncontained(t, limit(k), "not a limit of Linux")
		case mesos.RLimitInfo_RLimit_RLMT_AS:
			uncontained(t, limit(k), "RLMT_AS: a docker container has no such limit")
		default:
			all := contained(t, limit(k, 5, 7)).Container.Host.Ulimits
			if len(all) != 1 || all[0].Soft != 5 || all[0].Hard != 7 || "RLMT_"+strings.ToUpper(all[0].Name) != name {
				t.Errorf("%s gives %v", name, all)
			}
		}
	}
	if all := contained(t, limit(mesos.RLimitInfo_RLimit_RLMT_NOFILE)).Container.Host.Ulimits; all[0].Soft != -1 || all[0].Hard != -1 {
		t.Errorf("no limit is %v", all[0])
	}
	uncontained(t, limit(mesos.RLimitInfo_RLimit_RLMT_NOFILE, 7, 5), "soft 7 is above hard 5")
}

func TestDockerLinuxInfo(t *testing.T) {
	caps := func(names ...mesos.CapabilityInfo_Capability) *mesos.CapabilityInfo {
		return &mesos.CapabilityInfo{Capabilities: names}
	}
	linux := func(l mesos.LinuxInfo) mesos.TaskInfo {
		return withDocker(func(_ *mesos.TaskInfo, c *mesos.ContainerInfo, _ *mesos.ContainerInfo_DockerInfo) { c.LinuxInfo = &l })
	}
	for name, c := range map[string]struct {
		info mesos.LinuxInfo
		want func(*container.HostConfig)
	}{
		"nothing":        {mesos.LinuxInfo{}, func(*container.HostConfig) {}},
		"effective":      {mesos.LinuxInfo{EffectiveCapabilities: caps(mesos.CapabilityInfo_NET_RAW, mesos.CapabilityInfo_CHOWN)}, func(h *container.HostConfig) { h.CapDrop, h.CapAdd = []string{"ALL"}, []string{"NET_RAW", "CHOWN"} }},
		"the old field":  {mesos.LinuxInfo{CapabilityInfo: caps(mesos.CapabilityInfo_KILL)}, func(h *container.HostConfig) { h.CapDrop, h.CapAdd = []string{"ALL"}, []string{"KILL"} }},
		"none":           {mesos.LinuxInfo{EffectiveCapabilities: caps()}, func(h *container.HostConfig) { h.CapDrop = []string{"ALL"} }},
		"a new one":      {mesos.LinuxInfo{EffectiveCapabilities: caps(mesos.CapabilityInfo_CHOWN + 39)}, func(h *container.HostConfig) { h.CapDrop, h.CapAdd = []string{"ALL"}, []string{"BPF"} }},
		"IPC of its own": {mesos.LinuxInfo{IPCMode: mesos.LinuxInfo_PRIVATE.Enum(), SHMSize: ptr(uint32(64))}, func(h *container.HostConfig) { h.IpcMode, h.ShmSize = "private", 64<<20 }},
		"the node's IPC": {mesos.LinuxInfo{IPCMode: mesos.LinuxInfo_SHARE_PARENT.Enum()}, func(h *container.HostConfig) { h.IpcMode = "host" }},
		"no seccomp":     {mesos.LinuxInfo{Seccomp: &mesos.SeccompInfo{Unconfined: ptr(true)}}, func(h *container.HostConfig) { h.SecurityOpt = []string{"seccomp=unconfined"} }},
	} {
		t.Run(name, func(t *testing.T) {
			want := *contained(t, withDocker(nil)).Container
			c.want(&want.Host)
			if d := differs(want, *contained(t, linux(c.info)).Container); d != "" {
				t.Error(d)
			}
		})
	}
	for want, l := range map[string]mesos.LinuxInfo{
		"container.linux_info.share_pid_namespace (":              {SharePIDNamespace: ptr(true)},
		"container.linux_info.seccomp.profile_name (":             {Seccomp: &mesos.SeccompInfo{ProfileName: ptr("x")}},
		"container.linux_info.bounding_capabilities: a docker":    {BoundingCapabilities: caps(mesos.CapabilityInfo_KILL)},
		"CHOWN is not among bounding_capabilities":                {BoundingCapabilities: caps(), EffectiveCapabilities: caps(mesos.CapabilityInfo_CHOWN)},
		"container.linux_info.shm_size: 1: ipc_mode SHARE_PARENT": {IPCMode: mesos.LinuxInfo_SHARE_PARENT.Enum(), SHMSize: ptr(uint32(1))},
	} {
		uncontained(t, linux(l), want)
	}
}

func TestDockerTerminal(t *testing.T) {
	task := withDocker(nil)
	task.Container.TTYInfo = &mesos.TTYInfo{WindowSize: &mesos.TTYInfo_WindowSize{Rows: 24, Columns: 80}}
	if c := contained(t, task).Container; !c.Config.Tty || c.Host.ConsoleSize != [2]uint{24, 80} {
		t.Errorf("tty %v of %v", c.Config.Tty, c.Host.ConsoleSize)
	}
	task.Container.TTYInfo.WindowSize.Rows = 1 << 16
	uncontained(t, task, "container.tty_info.window_size")
}
