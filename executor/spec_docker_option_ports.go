package executor

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/network"
)

// publication is what publish says: ports of the container, and those of the node
// for them; none of the node leaves them to the engine.
type publication struct {
	address      netip.Addr
	inside, host portSpan
	protocol     string
}

type portSpan struct{ first, last uint32 }

// publishOption publishes each port of a range.
func publishOption(d *draft, value string) error {
	p, err := publicationOf(value)
	if err != nil {
		return err
	}
	for n := p.inside.first; n <= p.inside.last; n++ {
		port, err := portOf(n, p.protocol)
		if err != nil {
			return err
		}
		if err := d.publish(port, network.PortBinding{HostIP: p.address, HostPort: p.hostPort(n)}); err != nil {
			return err
		}
	}
	return nil
}

// publicationOf reads [[<address>:]<host ports>:]<container ports>[/<protocol>].
func publicationOf(value string) (p publication, err error) {
	if strings.Contains(value, "=") {
		if value, err = shortForm(value); err != nil {
			return p, err
		}
	}
	text, protocol, _ := strings.Cut(value, "/")
	p.protocol = protocol
	i := strings.LastIndex(text, ":")
	inside, host := text[i+1:], text[:max(i, 0)]
	if i = strings.LastIndex(host, ":"); i > 0 {
		if p.address, err = ipAddress(strings.TrimSuffix(strings.TrimPrefix(host[:i], "["), "]")); err != nil {
			return p, fmt.Errorf("address %q: not an IP address", host[:i])
		}
	}
	if p.inside, err = portRange(inside); err != nil || host[i+1:] == "" {
		return p, err
	}
	if p.host, err = portRange(host[i+1:]); err != nil {
		return p, err
	}
	if !p.dynamic() && p.host.last-p.host.first != p.inside.last-p.inside.first {
		return p, errors.New("as many ports of the node as of the container are allowed")
	}
	return p, nil
}

// shortForm of published=<host ports>,target=<container ports>,protocol=<protocol>;
// mode is for services.
func shortForm(value string) (string, error) {
	said := map[string]string{"protocol": "tcp"}
	for _, field := range strings.Split(value, ",") {
		key, text, given := strings.Cut(field, "=")
		if !given || !slices.Contains([]string{"published", "target", "protocol", "mode"}, key) {
			return "", fmt.Errorf("%q: published=, target=, protocol= and mode= are allowed", field)
		}
		said[key] = text
	}
	return said["published"] + ":" + said["target"] + "/" + said["protocol"], nil
}

// dynamic: the engine takes one of several ports of the node for one of the
// container.
func (p publication) dynamic() bool {
	return p.inside.first == p.inside.last && p.host.first != p.host.last
}

// hostPort for a port of the container, as the engine reads it.
func (p publication) hostPort(inside uint32) string {
	switch {
	case p.host.first == 0:
		return ""
	case p.dynamic():
		return fmt.Sprintf("%d-%d", p.host.first, p.host.last)
	}
	return strconv.Itoa(int(p.host.first + inside - p.inside.first))
}

func portRange(text string) (portSpan, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil || a == 0 || b < a {
		return portSpan{}, fmt.Errorf("%q: a port or <first>-<last> from 1 to %d is allowed", text, math.MaxUint16)
	}
	return portSpan{uint32(a), uint32(b)}, nil
}

func exposeOption(d *draft, value string) error {
	text, protocol, _ := strings.Cut(value, "/")
	span, err := portRange(text)
	if err != nil {
		return err
	}
	for n := span.first; n <= span.last; n++ {
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
