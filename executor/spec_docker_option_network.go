package executor

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// networkOptions are the container's networks, names and ports.
var networkOptions = map[string]option{
	"add-host":      addHost,
	"dns":           dnsOption,
	"dns-option":    list(func(d *draft) *[]string { return &d.c.Host.DNSOptions }),
	"dns-search":    list(func(d *draft) *[]string { return &d.c.Host.DNSSearch }),
	"domainname":    text(func(d *draft) *string { return &d.c.Config.Domainname }),
	"expose":        exposeOption,
	"hostname":      text(func(d *draft) *string { return &d.c.Config.Hostname }),
	"ip":            address(true),
	"ip6":           address(false),
	"link":          list(func(d *draft) *[]string { return &d.c.Host.Links }),
	"link-local-ip": linkLocal,
	"network":       networkOption,
	"network-alias": list(func(d *draft) *[]string { return &d.first.Aliases }),
	"publish":       publishOption,
	"publish-all":   boolean(func(d *draft) *bool { return &d.c.Host.PublishAllPorts }),
}

// networkOption: the first takes the place of docker.network (Mesos' master
// demands it), the others join it.
func networkOption(d *draft, value string) error {
	name, e := value, &network.EndpointSettings{}
	if strings.Contains(value, "=") {
		var err error
		if name, err = networkFields(value, e); err != nil {
			return err
		}
	}
	if name == "" || name == "container:" {
		return errors.New("host, bridge, none, container:<name> and the name of a network are allowed")
	}
	if d.nets++; d.nets == 1 {
		d.c.Networking.EndpointsConfig = nil
	} else if !d.c.Host.NetworkMode.IsUserDefined() || !container.NetworkMode(name).IsUserDefined() {
		return errors.New("only user networks can be several")
	}
	return d.join(name, e)
}

// networkFields reads docker run's long form.
func networkFields(value string, e *network.EndpointSettings) (name string, err error) {
	fields, err := commas(value)
	for _, field := range fields {
		key, text, _ := strings.Cut(field, "=")
		switch key {
		case "name":
			name = text
		case "alias":
			e.Aliases = append(e.Aliases, text)
		case "ip", "ip6":
			err = setAddress(e, text)
		case "driver-opt":
			k, v, _ := strings.Cut(text, "=")
			if e.DriverOpts == nil {
				e.DriverOpts = map[string]string{}
			}
			e.DriverOpts[k] = v
		default:
			err = errors.New("name, alias, ip, ip6 and driver-opt are allowed")
		}
		if err != nil {
			return "", fmt.Errorf("%q: %w", field, err)
		}
	}
	return name, err
}

func address(four bool) option {
	return func(d *draft, value string) error {
		if ip, err := netip.ParseAddr(value); err != nil || ip.Is4() != four {
			return errors.New("an address of that kind is allowed")
		}
		return setAddress(&d.first, value)
	}
}

func linkLocal(d *draft, value string) error {
	ip, err := netip.ParseAddr(value)
	if err != nil {
		return errors.New("an IP address is allowed")
	}
	if d.first.IPAMConfig == nil {
		d.first.IPAMConfig = &network.EndpointIPAMConfig{}
	}
	d.first.IPAMConfig.LinkLocalIPs = append(d.first.IPAMConfig.LinkLocalIPs, ip)
	return nil
}

func dnsOption(d *draft, value string) error {
	ip, err := netip.ParseAddr(value)
	if err != nil {
		return errors.New("an IP address is allowed")
	}
	d.c.Host.DNS = append(d.c.Host.DNS, ip)
	return nil
}

// addHost reads <name>:<address>, or with = in place of the colon.
func addHost(d *draft, value string) error {
	name, text, ok := strings.Cut(value, "=")
	if !ok {
		name, text, ok = strings.Cut(value, ":")
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if _, err := netip.ParseAddr(text); !ok || name == "" || err != nil && text != "host-gateway" {
		return errors.New("<name>:<IP address> or <name>:host-gateway is allowed")
	}
	d.c.Host.ExtraHosts = append(d.c.Host.ExtraHosts, name+":"+text)
	return nil
}
