package executor

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// networkOptions are the container's networks, names and ports.
var networkOptions = map[string]option{
	"add-host":      addHost,
	"dns":           dnsOption,
	"dns-option":    list(func(d *draft) *[]string { return &d.c.Host.DNSOptions }),
	"dns-search":    dnsSearch,
	"domainname":    text(func(d *draft) *string { return &d.c.Config.Domainname }),
	"expose":        exposeOption,
	"hostname":      text(func(d *draft) *string { return &d.c.Config.Hostname }),
	"ip":            address("ip"),
	"ip6":           address("ip6"),
	"link":          linkOption,
	"link-local-ip": address("link-local-ip"),
	"network":       networkOption,
	"network-alias": list(func(d *draft) *[]string { return &d.first.Aliases }),
	"publish":       publishOption,
	"publish-all":   boolean(func(d *draft) *bool { return &d.c.Host.PublishAllPorts }),
}

// networkOption: the first takes the place of docker.network (Mesos' master
// demands it), the others join it.
func networkOption(d *draft, value string) error {
	name, e := value, &network.EndpointSettings{}
	if longForm.MatchString(value) {
		var err error
		if name, err = networkFields(value, e); err != nil {
			return err
		}
	}
	if strings.TrimSpace(name) == "" || name == "container:" {
		return errors.New("host, bridge, none, container:<name> and the name of a network are allowed")
	}
	own := container.NetworkMode(name).IsUserDefined()
	if !own && (e.Aliases != nil || e.IPAMConfig != nil || e.DriverOpts != nil) {
		return fmt.Errorf("network %q has no choice of them: give only its name, or use a user network", name)
	}
	if d.nets++; d.nets == 1 {
		d.c.Networking.EndpointsConfig = nil
	} else if !d.c.Host.NetworkMode.IsUserDefined() || !own {
		return errors.New("only user networks can be several")
	}
	return d.join(name, e)
}

// longForm is how docker run tells it from a name.
var longForm = regexp.MustCompile(`\w+=\w+`)

// networkFields reads docker run's long form, which is all in lower case.
func networkFields(value string, e *network.EndpointSettings) (name string, err error) {
	fields, err := commas(strings.ToLower(value))
	for _, field := range fields {
		key, text, given := strings.Cut(field, "=")
		if !given {
			return "", fmt.Errorf("%q: <key>=<value> is allowed", field)
		}
		if key, text = strings.TrimSpace(key), strings.TrimSpace(text); key == "name" {
			name = text
		} else if err := networkField(e, key, text); err != nil {
			return "", fmt.Errorf("%q: %w", field, err)
		}
	}
	return name, err
}

func networkField(e *network.EndpointSettings, key, text string) error {
	switch key {
	case "alias":
		e.Aliases = append(e.Aliases, text)
	case "ip", "ip6", "link-local-ip":
		return setAddressOf(key, addressesOf(e), text)
	case "driver-opt":
		k, v, given := strings.Cut(text, "=")
		if !given {
			return errors.New("driver-opt=<key>=<value> is allowed")
		}
		if e.DriverOpts == nil {
			e.DriverOpts = map[string]string{}
		}
		e.DriverOpts[strings.TrimSpace(k)] = strings.TrimSpace(v)
	default:
		return errors.New("name, alias, ip, ip6, link-local-ip and driver-opt are allowed")
	}
	return nil
}

// address is one of the container's in its first network.
func address(key string) option {
	return func(d *draft, value string) error { return setAddressOf(key, addressesOf(&d.first), value) }
}

func addressesOf(e *network.EndpointSettings) *network.EndpointIPAMConfig {
	if e.IPAMConfig == nil {
		e.IPAMConfig = &network.EndpointIPAMConfig{}
	}
	return e.IPAMConfig
}

func setAddressOf(key string, to *network.EndpointIPAMConfig, text string) error {
	ip, err := ipAddress(text)
	switch {
	case err != nil:
		return err
	case key == "link-local-ip":
		to.LinkLocalIPs = append(to.LinkLocalIPs, ip)
	case ip.Is4() != (key == "ip"):
		return errors.New("an address of that kind is allowed: ip is IPv4, ip6 is IPv6")
	case ip.Is4():
		to.IPv4Address = ip
	default:
		to.IPv6Address = ip
	}
	return nil
}

// ipAddress has no zone.
func ipAddress(text string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || ip.Zone() != "" {
		return netip.Addr{}, errors.New("an IP address is allowed")
	}
	return ip.Unmap(), nil
}

func dnsOption(d *draft, value string) error {
	ip, err := ipAddress(value)
	if err != nil {
		return err
	}
	d.c.Host.DNS = append(d.c.Host.DNS, ip)
	return nil
}

const label = `[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`

var domainForm = regexp.MustCompile(`^(` + label + `(?:\.` + label + `)*)\.?\s*$`)

// dnsSearch reads a domain, or . for none.
func dnsSearch(d *draft, value string) error {
	domain := strings.Trim(value, " ")
	if domain != "." {
		found := domainForm.FindStringSubmatch(domain)
		if found == nil || !strings.ContainsFunc(domain, isLetter) || len(found[1]) >= 255 {
			return errors.New("a domain, or . for none, is allowed")
		}
		domain = found[1]
	}
	d.c.Host.DNSSearch = append(d.c.Host.DNSSearch, domain)
	return nil
}

func isLetter(c rune) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// linkOption reads <container>[:<alias>].
func linkOption(d *draft, value string) error {
	if value == "" || strings.Count(value, ":") > 1 {
		return errors.New("<container>[:<alias>] is allowed")
	}
	return list(func(d *draft) *[]string { return &d.c.Host.Links })(d, value)
}

// addHost reads <name>:<address>, or with = in place of the colon.
func addHost(d *draft, value string) error {
	name, text, ok := strings.Cut(value, "=")
	if !ok {
		name, text, ok = strings.Cut(value, ":")
	}
	text = strings.TrimSpace(text)
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if _, err := ipAddress(text); !ok || name == "" || err != nil && text != "host-gateway" {
		return errors.New("<name>:<IP address> or <name>:host-gateway is allowed")
	}
	d.c.Host.ExtraHosts = append(d.c.Host.ExtraHosts, name+":"+text)
	return nil
}
