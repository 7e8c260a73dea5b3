package executor_test

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/blkiodev"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// parametered is a task in the user network web, with port 31000, and these
// parameters: key and value in turn.
func parametered(pairs ...string) mesos.TaskInfo {
	task := networked(userNetwork, mesos.NetworkInfo{Name: ptr("web")})
	for i := 0; i < len(pairs); i += 2 {
		task.Container.Docker.Parameters = append(task.Container.Docker.Parameters, mesos.Parameter{Key: pairs[i], Value: pairs[i+1]})
	}
	return task
}

type parameterRow struct {
	key, value string
	want       func(c *docker.Container)
}

func endpoint(c *docker.Container) *network.EndpointSettings {
	return c.Networking.EndpointsConfig["web"]
}

func health(c *docker.Container) *container.HealthConfig {
	c.Config.Healthcheck = &container.HealthConfig{}
	return c.Config.Healthcheck
}

func bound(c *docker.Container, m mount.Mount) { c.Host.Mounts = append(c.Host.Mounts, m) }

func device(c *docker.Container, host, inside, permissions string) {
	c.Host.Devices = []container.DeviceMapping{{PathOnHost: host, PathInContainer: inside, CgroupPermissions: permissions}}
}

func address() *network.EndpointIPAMConfig { return &network.EndpointIPAMConfig{} }

var parameterRows = []parameterRow{
	{"add-host", "db:10.0.0.1", func(c *docker.Container) { c.Host.ExtraHosts = []string{"db:10.0.0.1"} }},
	{"add-host", "db=[fd00::1]", func(c *docker.Container) { c.Host.ExtraHosts = []string{"db:fd00::1"} }},
	{"add-host", "up:host-gateway", func(c *docker.Container) { c.Host.ExtraHosts = []string{"up:host-gateway"} }},
	{"blkio-weight", "300", func(c *docker.Container) { c.Host.BlkioWeight = 300 }},
	{"blkio-weight-device", "/dev/sda:200", func(c *docker.Container) {
		c.Host.BlkioWeightDevice = []*blkiodev.WeightDevice{{Path: "/dev/sda", Weight: 200}}
	}},
	{"cap-add", "NET_ADMIN", func(c *docker.Container) { c.Host.CapAdd = []string{"NET_ADMIN"} }},
	{"cap-drop", "ALL", func(c *docker.Container) { c.Host.CapDrop = []string{"ALL"} }},
	{"cgroupns", "private", func(c *docker.Container) { c.Host.CgroupnsMode = "private" }},
	{"cpu-period", "50000", func(c *docker.Container) { c.Host.CPUPeriod = 50000 }},
	{"cpu-quota", "-1", func(c *docker.Container) { c.Host.CPUQuota = -1 }},
	{"cpu-rt-period", "1000", func(c *docker.Container) { c.Host.CPURealtimePeriod = 1000 }},
	{"cpu-rt-runtime", "900", func(c *docker.Container) { c.Host.CPURealtimeRuntime = 900 }},
	{"cpu-shares", "512", func(c *docker.Container) { c.Host.CPUShares = 512 }},
	{"c", "512", func(c *docker.Container) { c.Host.CPUShares = 512 }},
	{"cpus", "1.5", func(c *docker.Container) { c.Host.NanoCPUs = 1_500_000_000 }},
	{"cpus", "5/2", func(c *docker.Container) { c.Host.NanoCPUs = 2_500_000_000 }},
	{"cpuset-cpus", "0-2,4", func(c *docker.Container) { c.Host.CpusetCpus = "0-2,4" }},
	{"cpuset-mems", "0", func(c *docker.Container) { c.Host.CpusetMems = "0" }},
	{"device", "/dev/fuse", func(c *docker.Container) { device(c, "/dev/fuse", "/dev/fuse", "rwm") }},
	{"device", "/dev/sda:r", func(c *docker.Container) { device(c, "/dev/sda", "/dev/sda", "r") }},
	{"device", "/dev/sda:/dev/xvda:rw", func(c *docker.Container) { device(c, "/dev/sda", "/dev/xvda", "rw") }},
	{"device-cgroup-rule", "c 42:* rmw", func(c *docker.Container) { c.Host.DeviceCgroupRules = []string{"c 42:* rmw"} }},
	{"device-read-bps", "/dev/sda:1m", func(c *docker.Container) {
		c.Host.BlkioDeviceReadBps = []*blkiodev.ThrottleDevice{{Path: "/dev/sda", Rate: 1 << 20}}
	}},
	{"device-read-iops", "/dev/sda:1000", func(c *docker.Container) {
		c.Host.BlkioDeviceReadIOps = []*blkiodev.ThrottleDevice{{Path: "/dev/sda", Rate: 1000}}
	}},
	{"device-write-bps", "/dev/sda:1k", func(c *docker.Container) {
		c.Host.BlkioDeviceWriteBps = []*blkiodev.ThrottleDevice{{Path: "/dev/sda", Rate: 1024}}
	}},
	{"device-write-iops", "/dev/sda:7", func(c *docker.Container) {
		c.Host.BlkioDeviceWriteIOps = []*blkiodev.ThrottleDevice{{Path: "/dev/sda", Rate: 7}}
	}},
	{"dns", "10.0.0.53", func(c *docker.Container) { c.Host.DNS = []netip.Addr{netip.MustParseAddr("10.0.0.53")} }},
	{"dns", " ::ffff:10.0.0.53", func(c *docker.Container) { c.Host.DNS = []netip.Addr{netip.MustParseAddr("10.0.0.53")} }},
	{"dns-option", "ndots:1", func(c *docker.Container) { c.Host.DNSOptions = []string{"ndots:1"} }},
	{"dns-opt", "ndots:1", func(c *docker.Container) { c.Host.DNSOptions = []string{"ndots:1"} }},
	{"dns-search", "example.com", func(c *docker.Container) { c.Host.DNSSearch = []string{"example.com"} }},
	{"dns-search", " example.com. ", func(c *docker.Container) { c.Host.DNSSearch = []string{"example.com"} }},
	{"domainname", "example.com", func(c *docker.Container) { c.Config.Domainname = "example.com" }},
	{"entrypoint", "/run.sh", func(c *docker.Container) { c.Config.Entrypoint = []string{"/run.sh"} }},
	{"entrypoint", "", func(c *docker.Container) { c.Config.Entrypoint = []string{""} }},
	{"env", "A=b=c", func(c *docker.Container) { c.Config.Env = append(c.Config.Env, "A=b=c") }},
	{"e", "A=", func(c *docker.Container) { c.Config.Env = append(c.Config.Env, "A=") }},
	{"expose", "80-81/udp", func(c *docker.Container) {
		c.Config.ExposedPorts = network.PortSet{network.MustParsePort("80/udp"): {}, network.MustParsePort("81/udp"): {}}
	}},
	{"gpus", "all", func(c *docker.Container) {
		c.Host.DeviceRequests = []container.DeviceRequest{{Count: -1, Capabilities: [][]string{{"gpu"}}, Options: map[string]string{}}}
	}},
	{"gpus", `"device=0,1",capabilities=utility`, func(c *docker.Container) {
		c.Host.DeviceRequests = []container.DeviceRequest{{DeviceIDs: []string{"0", "1"}, Capabilities: [][]string{{"utility", "gpu"}}, Options: map[string]string{}}}
	}},
	{"gpus", `count=0,"options=a=b,c=d"`, func(c *docker.Container) {
		c.Host.DeviceRequests = []container.DeviceRequest{{Capabilities: [][]string{{"gpu"}}, Options: map[string]string{"a": "b", "c": "d"}}}
	}},
	{"gpus", "driver=nvidia", func(c *docker.Container) {
		c.Host.DeviceRequests = []container.DeviceRequest{{Driver: "nvidia", Count: 1, Capabilities: [][]string{{"gpu"}}, Options: map[string]string{}}}
	}},
	{"group-add", "audio", func(c *docker.Container) { c.Host.GroupAdd = []string{"audio"} }},
	{"health-cmd", "curl -f x", func(c *docker.Container) { health(c).Test = []string{"CMD-SHELL", "curl -f x"} }},
	{"health-interval", "1m30s", func(c *docker.Container) { health(c).Interval = 90 * time.Second }},
	{"health-retries", "4", func(c *docker.Container) { health(c).Retries = 4 }},
	{"health-start-period", "1s", func(c *docker.Container) { health(c).StartPeriod = time.Second }},
	{"health-timeout", "2s", func(c *docker.Container) { health(c).Timeout = 2 * time.Second }},
	{"hostname", "db", func(c *docker.Container) { c.Config.Hostname = "db" }},
	{"h", "db", func(c *docker.Container) { c.Config.Hostname = "db" }},
	{"init", "true", func(c *docker.Container) { c.Host.Init = ptr(true) }},
	{"interactive", "true", func(c *docker.Container) { c.Config.OpenStdin = true }},
	{"ip", "10.0.0.9", func(c *docker.Container) {
		endpoint(c).IPAMConfig = address()
		endpoint(c).IPAMConfig.IPv4Address = netip.MustParseAddr("10.0.0.9")
	}},
	{"ip6", "fd00::9", func(c *docker.Container) {
		endpoint(c).IPAMConfig = address()
		endpoint(c).IPAMConfig.IPv6Address = netip.MustParseAddr("fd00::9")
	}},
	{"ipc", "host", func(c *docker.Container) { c.Host.IpcMode = "host" }},
	{"label", "a=b", func(c *docker.Container) { c.Config.Labels["a"] = "b" }},
	{"l", "a", func(c *docker.Container) { c.Config.Labels["a"] = "" }},
	{"link", "db:alias", func(c *docker.Container) {
		c.Host.Links, endpoint(c).Links = []string{"db:alias"}, []string{"db:alias"}
	}},
	{"link-local-ip", "169.254.1.1", func(c *docker.Container) {
		endpoint(c).IPAMConfig = address()
		endpoint(c).IPAMConfig.LinkLocalIPs = []netip.Addr{netip.MustParseAddr("169.254.1.1")}
	}},
	{"log-driver", "none", func(c *docker.Container) { c.Host.LogConfig.Type = "none" }},
	{"log-opt", "max-size=1m", func(c *docker.Container) { c.Host.LogConfig.Config = map[string]string{"max-size": "1m"} }},
	{"memory", "64m", func(c *docker.Container) { c.Host.Memory = 64 << 20 }},
	{"m", "1.5g", func(c *docker.Container) { c.Host.Memory = 3 << 29 }},
	{"memory-reservation", "1024", func(c *docker.Container) { c.Host.MemoryReservation = 1024 }},
	{"memory-swap", "-1", func(c *docker.Container) { c.Host.MemorySwap = -1 }},
	{"memory-swap", "1k", func(c *docker.Container) { c.Host.MemorySwap = 1024 }},
	{"memory-swappiness", "0", func(c *docker.Container) { c.Host.MemorySwappiness = ptr(int64(0)) }},
	{"mount", "type=bind,src=/srv,dst=/x,readonly,bind-propagation=rslave", func(c *docker.Container) {
		bound(c, mount.Mount{Type: "bind", Source: "/srv", Target: "/x", ReadOnly: true, BindOptions: &mount.BindOptions{Propagation: "rslave"}})
	}},
	{"mount", "type=bind,source=/,target=/host,ro=true,bind-nonrecursive=true", func(c *docker.Container) {
		bound(c, mount.Mount{Type: "bind", Source: "/", Target: "/host", ReadOnly: true, BindOptions: &mount.BindOptions{NonRecursive: true}})
	}},
	{"mount", "source=vol,destination=/x,volume-nocopy,volume-driver=nfs,volume-opt=o=addr,volume-label=a=b", func(c *docker.Container) {
		bound(c, mount.Mount{Type: "volume", Source: "vol", Target: "/x", VolumeOptions: &mount.VolumeOptions{
			NoCopy: true, Labels: map[string]string{"a": "b"}, DriverConfig: &mount.Driver{Name: "nfs", Options: map[string]string{"o": "addr"}},
		}})
	}},
	{"mount", "type=tmpfs,target=/x,tmpfs-size=1m,tmpfs-mode=1770,consistency=cached", func(c *docker.Container) {
		bound(c, mount.Mount{Type: "tmpfs", Target: "/x", Consistency: "cached", TmpfsOptions: &mount.TmpfsOptions{SizeBytes: 1 << 20, Mode: 0o1770}})
	}},
	{"network", "db", func(c *docker.Container) {
		c.Host.NetworkMode, c.Networking.EndpointsConfig = "db", map[string]*network.EndpointSettings{"db": {}}
	}},
	{"net", "host", func(c *docker.Container) { c.Host.NetworkMode, c.Networking.EndpointsConfig = "host", nil }},
	{"network", "container:other", func(c *docker.Container) {
		c.Host.NetworkMode, c.Networking.EndpointsConfig = "container:other", nil
	}},
	{"network", "name=web,alias=a,alias=b,ip=10.0.0.9,driver-opt=k=v", func(c *docker.Container) {
		*endpoint(c) = network.EndpointSettings{Aliases: []string{"a", "b"}, IPAMConfig: address(), DriverOpts: map[string]string{"k": "v"}}
		endpoint(c).IPAMConfig.IPv4Address = netip.MustParseAddr("10.0.0.9")
	}},
	{"network-alias", "db", func(c *docker.Container) { endpoint(c).Aliases = []string{"db"} }},
	{"net-alias", "db", func(c *docker.Container) { endpoint(c).Aliases = []string{"db"} }},
	{"no-healthcheck", "true", func(c *docker.Container) { health(c).Test = []string{"NONE"} }},
	{"oom-kill-disable", "true", func(c *docker.Container) { c.Host.OomKillDisable = ptr(true) }},
	{"oom-score-adj", "-500", func(c *docker.Container) { c.Host.OomScoreAdj = -500 }},
	{"pid", "host", func(c *docker.Container) { c.Host.PidMode = "host" }},
	{"pids-limit", "100", func(c *docker.Container) { c.Host.PidsLimit = ptr(int64(100)) }},
	{"privileged", "true", func(c *docker.Container) { c.Host.Privileged = true }},
	{"publish", "31000:80", func(c *docker.Container) { published(c, "80/tcp", network.PortBinding{HostPort: "31000"}) }},
	{"p", "127.0.0.1:31000:80/UDP", func(c *docker.Container) {
		published(c, "80/udp", network.PortBinding{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: "31000"})
	}},
	{"publish", "[::1]::80", func(c *docker.Container) {
		published(c, "80/tcp", network.PortBinding{HostIP: netip.MustParseAddr("::1")})
	}},
	{"publish", "31000-31001:80-81", func(c *docker.Container) {
		published(c, "80/tcp", network.PortBinding{HostPort: "31000"})
		published(c, "81/tcp", network.PortBinding{HostPort: "31001"})
	}},
	{"publish", "31000-31001:80", func(c *docker.Container) { published(c, "80/tcp", network.PortBinding{HostPort: "31000-31001"}) }},
	{"publish", "::80", func(c *docker.Container) { published(c, "80/tcp", network.PortBinding{}) }},
	{"publish", "published=31000,target=80,protocol=udp,mode=host", func(c *docker.Container) {
		published(c, "80/udp", network.PortBinding{HostPort: "31000"})
	}},
	{"publish-all", "true", func(c *docker.Container) { c.Host.PublishAllPorts = true }},
	{"P", "true", func(c *docker.Container) { c.Host.PublishAllPorts = true }},
	{"read-only", "true", func(c *docker.Container) { c.Host.ReadonlyRootfs = true }},
	{"runtime", "nvidia", func(c *docker.Container) { c.Host.Runtime = "nvidia" }},
	{"security-opt", "no-new-privileges", func(c *docker.Container) { c.Host.SecurityOpt = []string{"no-new-privileges"} }},
	{"security-opt", "label:disable", func(c *docker.Container) { c.Host.SecurityOpt = []string{"label:disable"} }},
	{"security-opt", "seccomp=unconfined", func(c *docker.Container) { c.Host.SecurityOpt = []string{"seccomp=unconfined"} }},
	{"security-opt", `seccomp={"x":1}`, func(c *docker.Container) { c.Host.SecurityOpt = []string{`seccomp={"x":1}`} }},
	{"security-opt", "systempaths=unconfined", func(c *docker.Container) {
		c.Host.MaskedPaths, c.Host.ReadonlyPaths = []string{}, []string{}
	}},
	{"shm-size", "1g", func(c *docker.Container) { c.Host.ShmSize = 1 << 30 }},
	{"stop-signal", "SIGINT", func(c *docker.Container) { c.Config.StopSignal = "SIGINT" }},
	{"stop-timeout", "30", func(c *docker.Container) { c.Config.StopTimeout = ptr(30) }},
	{"storage-opt", "size=1G", func(c *docker.Container) { c.Host.StorageOpt = map[string]string{"size": "1G"} }},
	{"sysctl", "net.core.somaxconn=1", func(c *docker.Container) { c.Host.Sysctls = map[string]string{"net.core.somaxconn": "1"} }},
	{"tmpfs", "/x:size=1m,noexec", func(c *docker.Container) { c.Host.Tmpfs = map[string]string{"/x": "size=1m,noexec"} }},
	{"tty", "true", func(c *docker.Container) { c.Config.Tty = true }},
	{"ulimit", "nofile=5:7", func(c *docker.Container) { c.Host.Ulimits = []*container.Ulimit{{Name: "nofile", Soft: 5, Hard: 7}} }},
	{"user", "1000:1000", func(c *docker.Container) { c.Config.User = "1000:1000" }},
	{"userns", "host", func(c *docker.Container) { c.Host.UsernsMode = "host" }},
	{"uts", "host", func(c *docker.Container) { c.Host.UTSMode = "host" }},
	{"volume", "/srv:/x", func(c *docker.Container) { c.Host.Binds = []string{"/srv:/x"} }},
	{"v", "/srv:/x:ro,Z,rslave", func(c *docker.Container) { c.Host.Binds = []string{"/srv:/x:ro,Z,rslave"} }},
	{"volume", "/srv:/x:", func(c *docker.Container) { c.Host.Binds = []string{"/srv:/x:"} }},
	{"volume", "vol:/x:nocopy", func(c *docker.Container) { c.Host.Binds = []string{"vol:/x:nocopy"} }},
	{"volume", "/x", func(c *docker.Container) { c.Config.Volumes = map[string]struct{}{"/x": {}} }},
	{"volume-driver", "nfs", func(c *docker.Container) { c.Host.VolumeDriver = "nfs" }},
	{"workdir", "/srv", func(c *docker.Container) { c.Config.WorkingDir = "/srv" }},
	{"w", "/srv", func(c *docker.Container) { c.Config.WorkingDir = "/srv" }},
}

func published(c *docker.Container, port string, b network.PortBinding) {
	if c.Host.PortBindings == nil {
		c.Host.PortBindings, c.Config.ExposedPorts = network.PortMap{}, network.PortSet{}
	}
	p := network.MustParsePort(port)
	c.Host.PortBindings[p], c.Config.ExposedPorts[p] = []network.PortBinding{b}, struct{}{}
}

// Every option that a task may have does its one thing, and nothing else.
func TestDockerParameters(t *testing.T) {
	known, _ := executor.DockerParameters()
	untested := map[string]bool{}
	for _, name := range known {
		untested[name] = true
	}
	for _, row := range parameterRows {
		t.Run(row.key+"="+row.value, func(t *testing.T) {
			want := *contained(t, parametered()).Container
			want.Config.Labels = maps.Clone(want.Config.Labels)
			row.want(&want)
			if d := differs(want, *contained(t, parametered(row.key, row.value)).Container); d != "" {
				t.Error(d)
			}
		})
		delete(untested, row.key)
	}
	if len(untested) > 0 {
		t.Errorf("no test for %v", slices.Sorted(maps.Keys(untested)))
	}
}

// Several of a kind add up, or the last one wins, as with docker run; and they
// change what the rest of the TaskInfo says.
func TestDockerParametersTogether(t *testing.T) {
	c := contained(t, parametered("network", "a", "network", "b", "network", "c", "dns", "10.0.0.1", "dns", "10.0.0.2",
		"memory", "64m", "memory", "128m", "ulimit", "nofile=1", "ulimit", "nofile=2", "env", "A=1", "env", "A=2", "network-alias", "x")).Container
	if nets := c.Networking.EndpointsConfig; len(nets) != 3 || c.Host.NetworkMode != "a" || nets["a"].Aliases[0] != "x" || nets["b"].Aliases != nil {
		t.Errorf("%s of %v", c.Host.NetworkMode, nets)
	}
	if len(c.Host.DNS) != 2 || c.Host.Memory != 128<<20 || len(c.Host.Ulimits) != 1 || c.Host.Ulimits[0].Soft != 2 || c.Config.Env[len(c.Config.Env)-1] != "A=2" {
		t.Errorf("%+v %v", c.Host, c.Config.Env)
	}
	fixed := parametered("ip", "10.0.0.9", "link-local-ip", "169.254.1.1")
	fixed.Container.NetworkInfos[0].IPAddresses = []mesos.NetworkInfo_IPAddress{{IPAddress: ptr("10.0.0.8")}, {IPAddress: ptr("fd00::8")}}
	if a := endpoint(contained(t, fixed).Container).IPAMConfig; a.IPv4Address.String() != "10.0.0.9" || a.IPv6Address.String() != "fd00::8" || len(a.LinkLocalIPs) != 1 {
		t.Errorf("addresses %+v", a)
	}
	task := parametered("entrypoint", "/bin/bash", "cpu-shares", "7", "hostname", "mine", "privileged", "false")
	task.Labels = withLabels("flocker.command", "x").Labels
	task.Resources = append(task.Resources, quantity("cpus", 1))
	task.Container.Hostname, task.Container.Docker.Privileged = ptr("other"), ptr(true)
	c = contained(t, task).Container
	if !slices.Equal(c.Config.Entrypoint, []string{"/bin/bash"}) || !slices.Equal(c.Config.Cmd, []string{"-c", "x"}) ||
		c.Host.CPUShares != 7 || c.Config.Hostname != "mine" || c.Host.Privileged {
		t.Errorf("%+v %+v", c.Config, c.Host)
	}
}

func TestDockerParametersThatAreRefused(t *testing.T) {
	_, never := executor.DockerParameters()
	for _, name := range never {
		uncontained(t, parametered(name, "x"), "container.docker.parameters[0]: "+name+`: value "x": refused: `)
	}
	uncontained(t, parametered("d", "true"), "refused: the executor waits for the container")
	for key, want := range map[string]string{
		"cap_add": `cap_add: value "x": unknown; did you mean "cap-add"?`, "--dns": `did you mean "dns"?`, "volumes": `did you mean "volume"?`, "": "unknown",
	} {
		uncontained(t, parametered(key, "x"), want)
	}
	if _, err := executor.NewSpec(t.Context(), parametered("env", "SECRET"), dockerOptions()); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%v tells a value that may be secret", err)
	}
}
