package executor_test

import (
	"net/netip"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/network"
)

func networked(kind mesos.ContainerInfo_DockerInfo_Network, infos ...mesos.NetworkInfo) mesos.TaskInfo {
	return withDocker(func(t *mesos.TaskInfo, c *mesos.ContainerInfo, d *mesos.ContainerInfo_DockerInfo) {
		d.Network, c.NetworkInfos = &kind, infos
		t.Resources = []mesos.Resource{
			{Name: "ports", Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: 31000, End: 31001}, {Begin: 31005, End: 31005}}}},
			{Name: "others", Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: 1, End: 1000}}}},
		}
	})
}

const (
	hostNetwork   = mesos.ContainerInfo_DockerInfo_HOST
	bridgeNetwork = mesos.ContainerInfo_DockerInfo_BRIDGE
	noNetwork     = mesos.ContainerInfo_DockerInfo_NONE
	userNetwork   = mesos.ContainerInfo_DockerInfo_USER
)

func TestDockerNetworks(t *testing.T) {
	name := func(n string) mesos.NetworkInfo { return mesos.NetworkInfo{Name: &n} }
	fixed := name("db")
	fixed.IPAddresses = []mesos.NetworkInfo_IPAddress{{IPAddress: ptr("10.0.0.9")}, {IPAddress: ptr("fd00::9")}, {Protocol: mesos.IPv6.Enum()}}
	for name, c := range map[string]struct {
		task mesos.TaskInfo
		mode string
		want map[string]*network.EndpointSettings
	}{
		"unset":  {withDocker(nil), "host", nil},
		"host":   {networked(hostNetwork, mesos.NetworkInfo{Groups: []string{"g"}, Labels: &mesos.Labels{}}), "host", nil},
		"bridge": {networked(bridgeNetwork), "bridge", nil},
		"none":   {networked(noNetwork), "none", nil},
		"user":   {networked(userNetwork, name("web")), "web", map[string]*network.EndpointSettings{"web": {}}},
		"several": {networked(userNetwork, name("web"), fixed), "web", map[string]*network.EndpointSettings{"web": {}, "db": {
			IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: netip.MustParseAddr("10.0.0.9"), IPv6Address: netip.MustParseAddr("fd00::9")},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			want := *contained(t, withDocker(nil)).Container
			got := *contained(t, c.task).Container
			if mode := string(got.Host.NetworkMode); mode != c.mode {
				t.Errorf("mode %q", mode)
			}
			got.Host.NetworkMode, want.Host.NetworkMode = "", ""
			want.Networking.EndpointsConfig = c.want
			if d := differs(want, got); d != "" {
				t.Error(d)
			}
		})
	}
	for want, task := range map[string]mesos.TaskInfo{
		"USER needs container.network_infos":             networked(userNetwork),
		"HOST, BRIDGE, NONE and USER are allowed":        networked(9),
		"container.network_infos[0]: name: it must be":   networked(userNetwork, mesos.NetworkInfo{}),
		`container.network_infos[1]: network "a": given`: networked(userNetwork, name("a"), name("a")),
		`network "host": it cannot be one of several`:    networked(userNetwork, name("a"), name("host")),
		`name "a": network BRIDGE has no choice`:         networked(bridgeNetwork, name("a")),
		`name "db": network HOST has no choice`:          networked(hostNetwork, fixed),
		"container.network_infos[0]: port_mappings: use": networked(userNetwork, mesos.NetworkInfo{Name: ptr("a"), PortMappings: []mesos.NetworkInfo_PortMapping{{}}}),
		`ip_addresses: value "x": not an IP address`:     networked(userNetwork, mesos.NetworkInfo{Name: ptr("a"), IPAddresses: []mesos.NetworkInfo_IPAddress{{IPAddress: ptr("x")}}}),
	} {
		uncontained(t, task, want)
	}
}

func TestDockerHostname(t *testing.T) {
	task := networked(bridgeNetwork)
	task.Container.Hostname = ptr("db")
	if c := contained(t, task).Container.Config; c.Hostname != "db" {
		t.Errorf("hostname %q", c.Hostname)
	}
	task.Container.Docker.Network = nil
	uncontained(t, task, `container.hostname: value "db": in the network HOST the container has the node's name`)
}

func TestDockerPorts(t *testing.T) {
	mapped := func(kind mesos.ContainerInfo_DockerInfo_Network, mappings ...mesos.ContainerInfo_DockerInfo_PortMapping) mesos.TaskInfo {
		task := networked(kind)
		if kind == userNetwork {
			task.Container.NetworkInfos = []mesos.NetworkInfo{{Name: ptr("web")}}
		}
		task.Container.Docker.PortMappings = mappings
		return task
	}
	type mapping = mesos.ContainerInfo_DockerInfo_PortMapping
	tcp, udp := network.MustParsePort("80/tcp"), network.MustParsePort("80/udp")
	want := *contained(t, networked(bridgeNetwork)).Container
	want.Config.ExposedPorts = network.PortSet{tcp: {}, udp: {}}
	want.Host.PortBindings = network.PortMap{tcp: {{HostPort: "31000"}, {HostPort: "31001"}}, udp: {{HostPort: "31005"}}}
	all := []mapping{{HostPort: 31000, ContainerPort: 80}, {HostPort: 31001, ContainerPort: 80, Protocol: ptr("TCP")}, {HostPort: 31005, ContainerPort: 80, Protocol: ptr("UDP")}}
	if d := differs(want, *contained(t, mapped(bridgeNetwork, all...)).Container); d != "" {
		t.Error(d)
	}
	contained(t, mapped(userNetwork, all...))
	one := mapping{HostPort: 31000, ContainerPort: 80}
	for want, task := range map[string]mesos.TaskInfo{
		"host port 31002: it is not among the task's resource ports (31000-31001, 31005-31005)": mapped(bridgeNetwork, mapping{HostPort: 31002, ContainerPort: 80}),
		"container.docker.port_mappings[1]: host port 500: it is not":                           mapped(bridgeNetwork, one, mapping{HostPort: 500, ContainerPort: 80}),
		"host port 0: it is not among":                                                          mapped(bridgeNetwork, mapping{ContainerPort: 80}),
		"container port 0: 1 to 65535":                                                          mapped(bridgeNetwork, mapping{HostPort: 31000}),
		`protocol "icmp": tcp, udp and sctp`:                                                    mapped(bridgeNetwork, mapping{HostPort: 31000, ContainerPort: 80, Protocol: ptr("icmp")}),
		`network "host": ports are mapped only in`:                                              mapped(hostNetwork, one),
		`network "none": ports are mapped only in`:                                              mapped(noNetwork, one),
	} {
		uncontained(t, task, want)
	}
	none := mapped(bridgeNetwork, one)
	none.Resources = nil
	uncontained(t, none, "resource ports (it has none)")
}
