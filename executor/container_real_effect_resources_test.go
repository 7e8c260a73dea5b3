package executor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// resourceEffects are to be read from the container's cgroups (v1).
func resourceEffects(t *testing.T) []effect {
	disk, number := blockDevice(t)
	return []effect{
		{options: pairs{{"cpu-shares", "512"}}, outside: cgroup("cpu", "cpu.shares"), want: "512"},
		{options: pairs{{"cpu-period", "50000"}}, outside: cgroup("cpu", "cpu.cfs_period_us"), want: "50000"},
		{options: pairs{{"cpu-quota", "25000"}}, outside: cgroup("cpu", "cpu.cfs_quota_us"), want: "25000"},
		{options: pairs{{"cpuset-cpus", "0"}}, outside: cgroup("cpuset", "cpuset.cpus"), want: "0"},
		// A node with one of them has no choice to be seen.
		{options: pairs{{"cpuset-mems", "0"}}, outside: told(func(c container.InspectResponse) any { return c.HostConfig.CpusetMems }), want: "0"},
		{options: pairs{{"memory", "64m"}}, outside: cgroup("memory", "memory.limit_in_bytes"), want: fmt.Sprint(64 << 20)},
		{options: pairs{{"memory-reservation", "32m"}}, outside: cgroup("memory", "memory.soft_limit_in_bytes"), want: fmt.Sprint(32 << 20)},
		{options: pairs{{"memory-swap", "96m"}}, outside: cgroup("memory", "memory.memsw.limit_in_bytes"), want: fmt.Sprint(96 << 20)},
		{options: pairs{{"memory-swappiness", "7"}}, outside: cgroup("memory", "memory.swappiness"), want: "7"},
		{options: pairs{{"oom-kill-disable", "true"}}, outside: within(cgroup("memory", "memory.oom_control"), "oom_kill_disable"), want: "oom_kill_disable 1"},
		{options: pairs{{"oom-score-adj", "77"}}, outside: proc("oom_score_adj"), want: "77"},
		{options: pairs{{"pids-limit", "99"}}, outside: cgroup("pids", "pids.max"), want: "99"},
		{options: pairs{{"shm-size", "4m"}}, inside: "stat -f -c %b /dev/shm", want: "1024"},
		{options: pairs{{"ulimit", "nofile=77:88"}}, inside: "ulimit -Sn; ulimit -Hn", want: "77\n88"},
		{options: pairs{{"device-read-bps", disk + ":1m"}}, outside: cgroup("blkio", "blkio.throttle.read_bps_device"), want: number + " 1048576"},
		{options: pairs{{"device-write-bps", disk + ":2k"}}, outside: cgroup("blkio", "blkio.throttle.write_bps_device"), want: number + " 2048"},
		{options: pairs{{"device-read-iops", disk + ":3"}}, outside: cgroup("blkio", "blkio.throttle.read_iops_device"), want: number + " 3"},
		{options: pairs{{"device-write-iops", disk + ":4"}}, outside: cgroup("blkio", "blkio.throttle.write_iops_device"), want: number + " 4"},
		{options: pairs{{"device", "/dev/loop-control:/dev/nothing:r"}}, inside: "stat -c %F /dev/nothing; echo > /dev/nothing", want: "character special file\n/bin/sh: can't create /dev/nothing: Operation not permitted"},
		{options: pairs{{"device-cgroup-rule", "c 42:* rw"}}, outside: within(cgroup("devices", "devices.list"), "c 42"), want: "c 42:* rw"},
	}
}

// blockDevice is one of the node's, with its number.
func blockDevice(t *testing.T) (path, number string) {
	t.Helper()
	all, err := filepath.Glob("/sys/block/*/dev")
	for _, file := range all {
		path := "/dev/" + filepath.Base(filepath.Dir(file))
		text, err := os.ReadFile(file)
		if _, missing := os.Stat(path); err == nil && missing == nil {
			return path, strings.TrimSpace(string(text))
		}
	}
	t.Fatalf("no block device (%v)", err)
	return "", ""
}

func cpusEffects(*testing.T) []effect {
	return []effect{{options: pairs{{"cpus", "1.5"}}, outside: cgroup("cpu", "cpu.cfs_quota_us"), want: "150000"}}
}

// limitEffects are those of cpus 0.5 to 1.5, and of 64 to 128 MB.
func limitEffects(t *testing.T) []effect {
	return []effect{
		{field: "cpus", outside: cgroup("cpu", "cpu.shares"), want: "512"},
		{field: "limits.cpus", outside: cgroup("cpu", "cpu.cfs_quota_us"), want: "150000"},
		{field: "mem", outside: cgroup("memory", "memory.soft_limit_in_bytes"), want: fmt.Sprint(64 << 20)},
		{field: "limits.mem", outside: cgroup("memory", "memory.limit_in_bytes"), want: fmt.Sprint(128 << 20)},
		{field: "limits.mem", outside: proc("oom_score_adj"), want: fmt.Sprint(1000 - int(1000*float64(64<<20)/float64(totalMemory(t))))},
	}
}

// unlimitedEffects are those of little, with limits that are infinite.
func unlimitedEffects(*testing.T) []effect {
	return []effect{
		{field: "cpus", outside: cgroup("cpu", "cpu.shares"), want: "2"},
		{field: "limits.cpus", outside: cgroup("cpu", "cpu.cfs_quota_us"), want: "-1"},
		{field: "mem", outside: cgroup("memory", "memory.soft_limit_in_bytes"), want: fmt.Sprint(32 << 20)},
		{field: "limits.mem", outside: cgroup("memory", "memory.limit_in_bytes"), want: fmt.Sprint(int64(1<<63 - 1<<12))},
	}
}

// requestEffects are those of cpus and mem alone.
func requestEffects(*testing.T) []effect {
	return []effect{
		{field: "cpus", outside: cgroup("cpu", "cpu.shares"), want: "1024"},
		{field: "cpus", outside: cgroup("cpu", "cpu.cfs_quota_us"), want: "-1"},
		{field: "mem", outside: cgroup("memory", "memory.limit_in_bytes"), want: fmt.Sprint(32 << 20)},
		{field: "mem", outside: proc("oom_score_adj"), want: "0"},
	}
}

func totalMemory(t *testing.T) uint64 {
	t.Helper()
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		t.Fatal(err)
	}
	return info.Totalram * uint64(info.Unit)
}

// limited is a task with cpus and mem, and limits of both unless they are negative.
func limited(cpus, mem, mostCPUs, mostMem float64) func(*testing.T, *dockertest.Engine, *mesos.TaskInfo) {
	return func(_ *testing.T, _ *dockertest.Engine, task *mesos.TaskInfo) {
		task.Resources = []mesos.Resource{quantity("cpus", cpus), quantity("mem", mem)}
		task.Limits = map[string]mesos.Value_Scalar{}
		for name, most := range map[string]float64{"cpus": mostCPUs, "mem": mostMem} {
			if most >= 0 {
				task.Limits[name] = mesos.Value_Scalar{Value: most}
			}
		}
	}
}
