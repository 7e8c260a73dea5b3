package executor

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/network"
)

// ports of the task, after the parameters have spoken: each port of the node
// must be among its resources, for the agent has given others to other tasks.
func (d *draft) ports() error {
	d.c.Config.Hostname = cmp.Or(d.c.Config.Hostname, d.info.GetHostname())
	if err := d.endNetwork(); err != nil {
		return err
	}
	for i, m := range d.docker.PortMappings {
		field := fmt.Sprintf("container.docker.port_mappings[%d]", i)
		port, err := portOf(m.ContainerPort, m.GetProtocol())
		if err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		if err := d.publish(port, network.PortBinding{HostPort: strconv.Itoa(int(m.HostPort))}); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	mode := d.c.Host.NetworkMode
	if (len(d.c.Host.PortBindings) > 0 || d.c.Host.PublishAllPorts) && !mode.IsBridge() && !mode.IsUserDefined() {
		return fmt.Errorf("container.docker.port_mappings: network %q: ports are mapped only in BRIDGE and user networks", mode)
	}
	return nil
}

func portOf(number uint32, protocol string) (network.Port, error) {
	protocol = strings.ToLower(cmp.Or(protocol, "tcp"))
	if number == 0 || number > math.MaxUint16 {
		return network.Port{}, fmt.Errorf("container port %d: 1 to %d are allowed", number, math.MaxUint16)
	}
	if protocol != "tcp" && protocol != "udp" && protocol != "sctp" {
		return network.Port{}, fmt.Errorf("protocol %q: tcp, udp and sctp are allowed", protocol)
	}
	port, _ := network.PortFrom(uint16(number), network.IPProtocol(protocol))
	return port, nil
}

// publish maps a port of the container to one of the node; HostPort "" leaves it
// to the engine, and a range lets it take one of them.
func (d *draft) publish(port network.Port, b network.PortBinding) error {
	if b.HostPort != "" {
		if err := d.ownsPorts(b.HostPort); err != nil {
			return err
		}
	}
	if d.c.Host.PortBindings == nil {
		d.c.Host.PortBindings = network.PortMap{}
	}
	d.expose(port)
	d.c.Host.PortBindings[port] = append(d.c.Host.PortBindings[port], b)
	return nil
}

func (d *draft) ownsPorts(text string) error {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil {
		return fmt.Errorf("host port %q: 1 to %d are allowed", text, math.MaxUint16)
	}
	for n := a; n <= b; n++ {
		if !d.ownsPort(n) {
			return fmt.Errorf("host port %d: it is not among the task's resource ports (%s)", n, portsOf(d.task.Resources))
		}
	}
	return nil
}

func (d *draft) ownsPort(n uint64) bool {
	for _, r := range d.task.Resources {
		for _, span := range r.GetRanges().GetRange() {
			if r.Name == "ports" && span.Begin <= n && n <= span.End {
				return true
			}
		}
	}
	return false
}

func portsOf(all []mesos.Resource) string {
	var spans []string
	for _, r := range all {
		for _, span := range r.GetRanges().GetRange() {
			if r.Name == "ports" {
				spans = append(spans, fmt.Sprintf("%d-%d", span.Begin, span.End))
			}
		}
	}
	return cmp.Or(strings.Join(spans, ", "), "it has none")
}
