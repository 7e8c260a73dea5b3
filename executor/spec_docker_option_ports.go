package executor

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/network"
)

// publishOption reads [[<address>:]<host ports>:]<container ports>[/<protocol>];
// a range stands for each of its ports.
func publishOption(d *draft, value string) error {
	binding := network.PortBinding{}
	text, protocol, _ := strings.Cut(value, "/")
	i := strings.LastIndex(text, ":")
	inside, host := text[i+1:], text[:max(i, 0)]
	if i = strings.LastIndex(host, ":"); i >= 0 {
		ip, err := netip.ParseAddr(strings.Trim(host[:i], "[]"))
		if err != nil {
			return fmt.Errorf("address %q: not an IP address", host[:i])
		}
		binding.HostIP, host = ip, host[i+1:]
	}
	from, to, err := portRange(inside)
	if err != nil {
		return err
	}
	hostFrom, hostTo := uint32(0), uint32(0)
	if host != "" {
		if hostFrom, hostTo, err = portRange(host); err != nil {
			return err
		}
		if hostTo-hostFrom != to-from {
			return errors.New("as many ports of the node as of the container are allowed")
		}
	}
	for n := from; n <= to; n++ {
		port, err := portOf(n, protocol)
		if err != nil {
			return err
		}
		if binding.HostPort = ""; host != "" {
			binding.HostPort = strconv.Itoa(int(hostFrom + n - from))
		}
		if err := d.publish(port, binding); err != nil {
			return err
		}
	}
	return nil
}

func portRange(text string) (from, to uint32, err error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil || a == 0 || b < a {
		return 0, 0, fmt.Errorf("%q: a port or <first>-<last> from 1 to %d is allowed", text, math.MaxUint16)
	}
	return uint32(a), uint32(b), nil
}

func exposeOption(d *draft, value string) error {
	text, protocol, _ := strings.Cut(value, "/")
	from, to, err := portRange(text)
	if err != nil {
		return err
	}
	for n := from; n <= to; n++ {
		port, err := portOf(n, protocol)
		if err != nil {
			return err
		}
		d.expose(port)
	}
	return nil
}

func (d *draft) expose(port network.Port) {
	if d.c.Config.ExposedPorts == nil {
		d.c.Config.ExposedPorts = network.PortSet{}
	}
	d.c.Config.ExposedPorts[port] = struct{}{}
}
