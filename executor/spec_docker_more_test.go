package executor_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// A volume of a driver hides neither dataset nor sandbox.
func TestDockerVolumeOfDriverOverDataset(t *testing.T) {
	for target, want := range map[string]string{"/data": "there is the volume of", "/data/x": "there is the volume of", ".": "it would hide"} {
		uncontained(t, withVolumes("", ofDriver("rexray", "vol", target)), want)
	}
}

// The second of a kind joins the first, where there may be several.
func TestDockerParametersAddUp(t *testing.T) {
	c := contained(t, parametered(
		"tmpfs", "/a", "tmpfs", "/b:size=1m", "volume", "/c", "volume", "/d", "ulimit", "nofile=1", "ulimit", "nproc=2",
		"health-cmd", "true", "health-retries", "3", "network", "name=n,driver-opt=a=1,driver-opt=b=2",
	)).Container
	if d := cmp.Diff(map[string]string{"/a": "", "/b": "size=1m"}, c.Host.Tmpfs) +
		cmp.Diff(map[string]struct{}{"/c": {}, "/d": {}}, c.Config.Volumes) +
		cmp.Diff(map[string]string{"a": "1", "b": "2"}, c.Networking.EndpointsConfig["n"].DriverOpts); d != "" {
		t.Error(d)
	}
	if u := c.Host.Ulimits; len(u) != 2 || u[0].Name != "nofile" || u[1].Name != "nproc" {
		t.Errorf("ulimits %v", u)
	}
	if h := c.Config.Healthcheck; h.Retries != 3 || len(h.Test) != 2 {
		t.Errorf("health check %+v", h)
	}
}

// What is allowed at the edge of what is refused.
func TestDockerParametersAtTheEdge(t *testing.T) {
	contained(t, parametered("dns-search", "."))
	for _, recursive := range []string{"enabled", "disabled"} {
		contained(t, parametered("mount", "type=bind,src=/a,dst=/b,bind-recursive="+recursive))
	}
	uncontained(t, parametered("mount", "type=bind,src=/a,dst=/b,bind-recursive=writable"), "enabled and disabled are allowed")
	uncontained(t, parametered("mount", `type=bind,"`), "not a list of")
	uncontained(t, parametered("publish", "x:80"), `"x"`)
}

// A parameter for one kind of address leaves the other alone.
func TestDockerParameterOfOneAddress(t *testing.T) {
	for key, value := range map[string]string{"ip": "10.0.0.8", "ip6": "fd00::8"} {
		task := parametered(key, value)
		task.Container.NetworkInfos[0].IPAddresses = []mesos.NetworkInfo_IPAddress{{IPAddress: ptr("10.0.0.8")}, {IPAddress: ptr("fd00::8")}}
		if a := endpoint(contained(t, task).Container).IPAMConfig; a.IPv4Address.String() != "10.0.0.8" || a.IPv6Address.String() != "fd00::8" {
			t.Errorf("%s: addresses %+v", key, a)
		}
	}
}

// Numbers that are too large are the largest; and the node's memory is asked for
// where the caller does not know it.
func TestDockerResourcesWithoutBounds(t *testing.T) {
	task := withDocker(nil)
	task.Resources = []mesos.Resource{quantity("cpus", 1e300), quantity("mem", 1e300)}
	if h := contained(t, task).Container.Host; h.CPUShares != math.MaxInt64 || h.Memory != math.MaxInt64 {
		t.Errorf("shares %d, memory %d", h.CPUShares, h.Memory)
	}
	task.Resources = []mesos.Resource{quantity("mem", 64)}
	task.Limits = map[string]mesos.Value_Scalar{"mem": {Value: 128}}
	o := dockerOptions()
	o.NodeMemory = 0
	s, err := executor.NewSpec(t.Context(), task, o)
	if err != nil {
		t.Fatal(err)
	}
	if adj := s.Container.Host.OomScoreAdj; adj < 500 || adj >= 1000 { // of a node with more than 128 MiB
		t.Errorf("oom_score_adj %d", adj)
	}
}

// The TaskInfo's executor goes before the environment's.
func TestDockerLabelOfExecutor(t *testing.T) {
	task := withDocker(nil)
	task.Executor = &mesos.ExecutorInfo{ExecutorID: mesos.ExecutorID{Value: "own"}}
	if got := contained(t, task).Container.Config.Labels[docker.LabelExecutor]; got != "own" {
		t.Errorf("label %q", got)
	}
}

// A task of a group whose id names no directory has no sandbox.
func TestDockerGroupTaskWithoutSandbox(t *testing.T) {
	task := withDocker(nil)
	task.TaskID.Value = ".."
	o := dockerOptions()
	o.Group = true
	if _, err := executor.NewSpec(t.Context(), task, o); err == nil {
		t.Error("no error")
	}
}
