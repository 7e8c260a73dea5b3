package marathon

import (
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// ports assigns a host port of the offer to each port definition: the first
// free ones, or the very ones that are asked for if the app requires them.
func (a App) ports(offer mesos.Offer) (ports []uint64, enough bool) {
	for _, d := range a.PortDefinitions {
		p, found := uint64(d.Port), offered(offer, uint64(d.Port))
		if !a.RequirePorts || p == 0 {
			p, found = free(offer, ports)
		}
		if !found {
			return nil, false
		}
		ports = append(ports, p)
	}
	return ports, true
}

func ranges(offer mesos.Offer) (all []mesos.Value_Range) {
	for _, r := range offer.Resources {
		if r.Name == "ports" && r.Ranges != nil {
			all = append(all, r.Ranges.Range...)
		}
	}
	return all
}

func offered(offer mesos.Offer, port uint64) bool {
	return slices.ContainsFunc(ranges(offer), func(r mesos.Value_Range) bool { return r.Begin <= port && port <= r.End })
}

func free(offer mesos.Offer, taken []uint64) (uint64, bool) {
	for _, r := range ranges(offer) {
		for p := r.Begin; p <= r.End; p++ {
			if !slices.Contains(taken, p) {
				return p, true
			}
		}
	}
	return 0, false
}

// discovery names the ports as they were assigned, one entry for each protocol.
func (a App) discovery(ports []uint64) *mesos.DiscoveryInfo {
	info := &mesos.DiscoveryInfo{
		Visibility: mesos.FRAMEWORK, Name: ptr(a.hostname()), Ports: &mesos.Ports{},
	}
	for i, d := range a.PortDefinitions {
		for protocol := range strings.SplitSeq(d.Protocol, ",") {
			info.Ports.Ports = append(info.Ports.Ports, mesos.Port{
				Number: uint32(ports[i]), Protocol: &protocol, Name: d.Name, Labels: labels(d.Labels),
			})
		}
	}
	return info
}
