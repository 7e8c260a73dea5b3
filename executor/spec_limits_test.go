package executor_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func withLimits(limits ...mesos.RLimitInfo_RLimit) mesos.TaskInfo {
	return withContainer(mesos.ContainerInfo{RlimitInfo: &mesos.RLimitInfo{Rlimits: limits}})
}

// Every name that Mesos has, with the number that the kernel's headers give it.
func TestLimitNumbers(t *testing.T) {
	linux := map[string]int{
		"RLMT_CPU": 0, "RLMT_FSIZE": 1, "RLMT_DATA": 2, "RLMT_STACK": 3, "RLMT_CORE": 4, "RLMT_RSS": 5, "RLMT_NPROC": 6, "RLMT_NOFILE": 7,
		"RLMT_MEMLOCK": 8, "RLMT_AS": 9, "RLMT_LOCKS": 10, "RLMT_SIGPENDING": 11, "RLMT_MSGQUEUE": 12, "RLMT_NICE": 13, "RLMT_RTPRIO": 14, "RLMT_RTTIME": 15,
	}
	for number, name := range mesos.RLimitInfo_RLimit_Type_name {
		task := withLimits(mesos.RLimitInfo_RLimit{Type: mesos.RLimitInfo_RLimit_Type(number), Soft: ptr(uint64(1)), Hard: ptr(uint64(2))})
		if name == "UNKNOWN" {
			refuses(t, task, false, "container.rlimit_info: type UNKNOWN")
			continue
		}
		if d := cmp.Diff([]guard.Limit{{Resource: linux[name], Soft: 1, Hard: 2}}, accepted(t, task).Command.Limits); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestLimitValues(t *testing.T) {
	const nofile = mesos.RLimitInfo_RLimit_RLMT_NOFILE
	s := accepted(t, withLimits(mesos.RLimitInfo_RLimit{Type: nofile}))
	if d := cmp.Diff([]guard.Limit{{Resource: 7, Soft: math.MaxUint64, Hard: math.MaxUint64}}, s.Command.Limits); d != "" {
		t.Error(d)
	}
	refuses(t, withLimits(mesos.RLimitInfo_RLimit{Type: nofile, Soft: ptr(uint64(1))}), false, "RLMT_NOFILE: give both")
	refuses(t, withLimits(mesos.RLimitInfo_RLimit{Type: nofile, Hard: ptr(uint64(1))}), false, "RLMT_NOFILE: give both")
	refuses(t, withLimits(mesos.RLimitInfo_RLimit{Type: nofile, Soft: ptr(uint64(2)), Hard: ptr(uint64(1))}), false, "soft 2 is above hard 1")
}

func caps(list ...mesos.CapabilityInfo_Capability) *mesos.CapabilityInfo {
	return &mesos.CapabilityInfo{Capabilities: list}
}

func TestCapabilitiesOfATask(t *testing.T) {
	const chown, bind, read, newer = mesos.CapabilityInfo_CHOWN, mesos.CapabilityInfo_NET_BIND_SERVICE, mesos.CapabilityInfo_AUDIT_READ, 1040
	for name, c := range map[string]struct {
		asked mesos.LinuxInfo
		want  *guard.Capabilities
		says  string
	}{
		"nothing":              {mesos.LinuxInfo{}, nil, ""},
		"effective":            {mesos.LinuxInfo{EffectiveCapabilities: caps(chown, bind)}, &guard.Capabilities{Effective: []int{0, 10}, Bounding: []int{0, 10}}, ""},
		"the deprecated name":  {mesos.LinuxInfo{CapabilityInfo: caps(read)}, &guard.Capabilities{Effective: []int{37}, Bounding: []int{37}}, ""},
		"none":                 {mesos.LinuxInfo{EffectiveCapabilities: caps()}, &guard.Capabilities{Effective: []int{}, Bounding: []int{}}, ""},
		"bounding":             {mesos.LinuxInfo{BoundingCapabilities: caps(bind)}, &guard.Capabilities{Bounding: []int{10}}, ""},
		"both":                 {mesos.LinuxInfo{EffectiveCapabilities: caps(bind), BoundingCapabilities: caps(chown, bind)}, &guard.Capabilities{Effective: []int{10}, Bounding: []int{0, 10}}, ""},
		"newer than our types": {mesos.LinuxInfo{EffectiveCapabilities: caps(newer)}, &guard.Capabilities{Effective: []int{40}, Bounding: []int{40}}, ""},
		"outside the bounding": {mesos.LinuxInfo{EffectiveCapabilities: caps(chown), BoundingCapabilities: caps(bind)}, nil, "effective_capabilities: CHOWN is not among bounding_capabilities"},
		"outside, deprecated":  {mesos.LinuxInfo{CapabilityInfo: caps(chown), BoundingCapabilities: caps()}, nil, "capability_info: CHOWN"},
		"both effective":       {mesos.LinuxInfo{EffectiveCapabilities: caps(), CapabilityInfo: caps()}, nil, "only one of"},
		"unknown":              {mesos.LinuxInfo{BoundingCapabilities: caps(mesos.CapabilityInfo_UNKNOWN)}, nil, "bounding_capabilities: UNKNOWN"},
		"unknown, above all":   {mesos.LinuxInfo{EffectiveCapabilities: caps(1064)}, nil, "effective_capabilities: "},
	} {
		t.Run(name, func(t *testing.T) {
			task := withContainer(mesos.ContainerInfo{LinuxInfo: &c.asked})
			if c.says != "" {
				refuses(t, task, false, c.says)
				return
			}
			if d := cmp.Diff(c.want, accepted(t, task).Command.Capabilities); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTerminalOfATask(t *testing.T) {
	size := func(rows, columns uint32) mesos.TaskInfo {
		return withContainer(mesos.ContainerInfo{TTYInfo: &mesos.TTYInfo{WindowSize: &mesos.TTYInfo_WindowSize{Rows: rows, Columns: columns}}})
	}
	if d := cmp.Diff(&guard.TTY{Rows: 25, Columns: 65535}, accepted(t, size(25, 65535)).Command.TTY); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(&guard.TTY{}, accepted(t, withContainer(mesos.ContainerInfo{TTYInfo: &mesos.TTYInfo{}})).Command.TTY); d != "" {
		t.Error(d)
	}
	if tty := accepted(t, withContainer(mesos.ContainerInfo{})).Command.TTY; tty != nil {
		t.Errorf("a terminal nobody asked for: %+v", tty)
	}
	refuses(t, size(65536, 1), false, "container.tty_info.window_size: 65536 rows")
}
