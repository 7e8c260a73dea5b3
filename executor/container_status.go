package executor

import (
	"maps"
	"net/netip"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// running is the task's TASK_RUNNING. A container's has `docker inspect` as data;
// from here on its statuses say where it is on the network.
func (t *task) running() Status {
	s := running(t.id)
	if t.container == nil {
		return s
	}
	if r := t.container.Running(); r != nil {
		s.Data = r.Inspect
		t.networks = networkInfos(t.info.Container, *t.spec.Container, r.Networks)
	}
	return s
}

// networkInfos has an entry for each network on which the container has an
// address: the first is that of its network mode, then those of further
// network_infos, then those that only parameters name. They are copies of what the
// task asked for, with the addresses (docker/executor.cpp). On the host's network
// there is none, and the agent puts in its own address.
func networkInfos(asked *mesos.ContainerInfo, c docker.Container, there []docker.Network) []mesos.NetworkInfo {
	on := map[string]docker.Network{}
	for _, n := range there {
		on[n.Name] = n
	}
	var infos []mesos.NetworkInfo
	for _, n := range wantedNetworks(asked, c) {
		if n.info.IPAddresses = ipAddresses(on[n.name]); len(n.info.IPAddresses) > 0 {
			infos = append(infos, n.info)
		}
	}
	return infos
}

// wantedNetwork is what a task says of a network, and the network's name for the
// engine.
type wantedNetwork struct {
	name string
	info mesos.NetworkInfo
}

func wantedNetworks(asked *mesos.ContainerInfo, c docker.Container) []wantedNetwork {
	mode := string(c.Host.NetworkMode)
	all := []wantedNetwork{{name: mode}}
	for i, info := range asked.GetNetworkInfos() {
		if i > 0 {
			all = append(all, wantedNetwork{info.GetName(), info})
			continue
		}
		if all[0].info = info; info.Name != nil {
			all[0].info.Name = &mode // a parameter may have replaced it
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Networking.EndpointsConfig)) {
		if !slices.ContainsFunc(all, func(n wantedNetwork) bool { return n.name == name }) {
			all = append(all, wantedNetwork{name, mesos.NetworkInfo{Name: &name}})
		}
	}
	return all
}

func ipAddresses(n docker.Network) []mesos.NetworkInfo_IPAddress {
	var all []mesos.NetworkInfo_IPAddress
	add := func(address netip.Addr, protocol mesos.NetworkInfo_Protocol) {
		if text := address.String(); address.IsValid() {
			all = append(all, mesos.NetworkInfo_IPAddress{Protocol: &protocol, IPAddress: &text})
		}
	}
	add(n.IPv4, mesos.IPv4)
	add(n.IPv6, mesos.IPv6)
	return all
}
