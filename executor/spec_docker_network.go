package executor

import (
	"errors"
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// network: the node's own unless the task says otherwise. A container can be in
// several user networks; Mesos' own executor has one.
func (d *draft) network() error {
	kind := d.docker.GetNetwork()
	if !isDocker(d.task.Container) {
		kind = mesos.ContainerInfo_DockerInfo_HOST
	}
	switch kind {
	case mesos.ContainerInfo_DockerInfo_HOST:
		d.c.Host.NetworkMode = network.NetworkHost
	case mesos.ContainerInfo_DockerInfo_BRIDGE:
		d.c.Host.NetworkMode = network.NetworkBridge
	case mesos.ContainerInfo_DockerInfo_NONE:
		d.c.Host.NetworkMode = network.NetworkNone
	case mesos.ContainerInfo_DockerInfo_USER:
		if len(d.info.NetworkInfos) == 0 {
			return errors.New("container.docker.network: USER needs container.network_infos with the name of a network")
		}
	default:
		return fmt.Errorf("container.docker.network: %v: HOST, BRIDGE, NONE and USER are allowed", kind)
	}
	for i, n := range d.info.NetworkInfos {
		if err := d.networkInfo(n, kind); err != nil {
			return fmt.Errorf("container.network_infos[%d]: %w", i, err)
		}
	}
	return nil
}

func (d *draft) networkInfo(n mesos.NetworkInfo, kind mesos.ContainerInfo_DockerInfo_Network) error {
	switch {
	case len(n.PortMappings) > 0:
		return errors.New("port_mappings: use container.docker.port_mappings")
	case kind != mesos.ContainerInfo_DockerInfo_USER && (n.GetName() != "" || len(askedAddresses(n)) > 0):
		return fmt.Errorf("name %q: network %v has no choice of name or address: use USER", n.GetName(), kind)
	case kind != mesos.ContainerInfo_DockerInfo_USER:
		return nil // groups and labels are for isolators
	case n.GetName() == "":
		return errors.New("name: it must be that of a network of the engine")
	}
	e := &network.EndpointSettings{}
	for _, text := range askedAddresses(n) {
		if err := setAddress(e, text); err != nil {
			return fmt.Errorf("ip_addresses: value %q: %w", text, err)
		}
	}
	return d.join(n.GetName(), e)
}

func askedAddresses(n mesos.NetworkInfo) (texts []string) {
	for _, a := range n.IPAddresses {
		if a.GetIPAddress() != "" {
			texts = append(texts, a.GetIPAddress())
		}
	}
	return texts
}

func setAddress(e *network.EndpointSettings, text string) error {
	key := "ip"
	if ip, err := ipAddress(text); err != nil {
		return errors.New("not an IP address")
	} else if !ip.Is4() {
		key = "ip6"
	}
	return setAddressOf(key, addressesOf(e), text)
}

// join adds a network. The first one is the container's mode; others may only
// follow a user network.
func (d *draft) join(name string, e *network.EndpointSettings) error {
	mode := container.NetworkMode(name)
	all := d.c.Networking.EndpointsConfig
	switch _, again := all[name]; {
	case again:
		return fmt.Errorf("network %q: given twice", name)
	case len(all) > 0 && !mode.IsUserDefined():
		return fmt.Errorf("network %q: it cannot be one of several; user networks can", name)
	case len(all) > 0:
		all[name] = e
		return nil
	}
	d.c.Host.NetworkMode = mode
	if mode.IsUserDefined() {
		d.c.Networking.EndpointsConfig = map[string]*network.EndpointSettings{name: e}
	}
	return nil
}

// endNetwork is the last word on the network, when the parameters have spoken.
func (d *draft) endNetwork() error {
	mode := d.c.Host.NetworkMode
	if hostname := d.c.Config.Hostname; hostname != "" && mode.IsHost() {
		return fmt.Errorf("container.hostname: value %q: in the network HOST the container has the node's name: leave it out, or use BRIDGE or USER", hostname)
	}
	links := d.c.Host.Links
	if len(links) > 0 && !mode.IsBridge() && !mode.IsUserDefined() {
		return fmt.Errorf("container.docker.parameters: link: network %q has no links: use BRIDGE or a user network", mode)
	}
	if d.first.IPAMConfig == nil && d.first.Aliases == nil && (links == nil || !mode.IsUserDefined()) {
		return nil
	}
	if !mode.IsUserDefined() {
		return fmt.Errorf("container.docker.parameters: ip, ip6, link-local-ip and network-alias: network %q has no choice of them: use a user network", mode)
	}
	return d.endFirst(d.c.Networking.EndpointsConfig[string(mode)])
}

// endFirst adds what parameters say of the first network to its endpoint. What a
// parameter network says of it itself must not be said again.
func (d *draft) endFirst(e *network.EndpointSettings) error {
	e.Links = d.c.Host.Links // a user network looks for them here
	if d.nets > 0 && len(e.Aliases) > 0 && len(d.first.Aliases) > 0 {
		return errors.New("container.docker.parameters: network-alias: there is an alias in network as well: give only one")
	}
	e.Aliases = append(e.Aliases, d.first.Aliases...)
	if d.first.IPAMConfig == nil {
		return nil
	}
	to, from := addressesOf(e), d.first.IPAMConfig
	if d.nets > 0 && (to.IPv4Address.IsValid() && from.IPv4Address.IsValid() || to.IPv6Address.IsValid() && from.IPv6Address.IsValid()) {
		return errors.New("container.docker.parameters: ip and ip6: there is such an address in network as well: give only one")
	}
	if from.IPv4Address.IsValid() {
		to.IPv4Address = from.IPv4Address
	}
	if from.IPv6Address.IsValid() {
		to.IPv6Address = from.IPv6Address
	}
	to.LinkLocalIPs = append(to.LinkLocalIPs, from.LinkLocalIPs...)
	return nil
}
