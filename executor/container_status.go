package executor

import (
	"net/netip"

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
		t.networks = networkInfos(t.info.Container, string(t.spec.Container.Host.NetworkMode), r.Networks)
	}
	return s
}

// networkInfos has an entry for each network on which the container has an
// address: the first is that of its network mode, each further one that of a
// further network_infos with the network's name. They are copies of what the task
// asked for, with the addresses (docker/executor.cpp). On the host's network there
// is none, and the agent puts in its own address.
func networkInfos(asked *mesos.ContainerInfo, mode string, there []docker.Network) []mesos.NetworkInfo {
	on := map[string]docker.Network{}
	for _, n := range there {
		on[n.Name] = n
	}
	wanted := asked.GetNetworkInfos()
	if len(wanted) == 0 {
		wanted = []mesos.NetworkInfo{{}}
	}
	var infos []mesos.NetworkInfo
	for i, info := range wanted {
		name := info.GetName()
		if i == 0 {
			name = mode
		}
		if info.IPAddresses = ipAddresses(on[name]); len(info.IPAddresses) > 0 {
			infos = append(infos, info)
		}
	}
	return infos
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
