package executor_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// nameEffects are of a container in the engine's bridge, whose files a user
// network's name server does not write.
func nameEffects(t *testing.T) []effect {
	port := freePort(t)
	return []effect{
		{options: pairs{{"network", "bridge"}}, outside: namespace("net"), want: "its own"},
		{options: pairs{{"add-host", "db:10.9.8.7"}}, inside: "grep db /etc/hosts", want: "10.9.8.7\tdb"},
		{options: pairs{{"dns", "10.0.0.53"}}, inside: "grep nameserver /etc/resolv.conf", want: "nameserver 10.0.0.53"},
		{options: pairs{{"dns-search", "example.com"}}, inside: "grep search /etc/resolv.conf", want: "search example.com"},
		{options: pairs{{"dns-option", "ndots:3"}}, inside: "grep options /etc/resolv.conf", want: "options ndots:3"},
		{options: pairs{{"hostname", "box"}}, inside: "hostname", want: "box"},
		{options: pairs{{"domainname", "example.org"}}, inside: "cat /proc/sys/kernel/domainname", want: "example.org"},
		{options: pairs{{"link", "other:peer"}}, inside: "grep -c peer /etc/hosts; echo ${PEER_NAME#/*/}", want: "1\npeer"},
		{
			options: pairs{{"publish", fmt.Sprintf("127.0.0.1:%d:80", port)}},
			inside:  "mkdir /tmp/www; echo reached > /tmp/www/word; httpd -p 80 -h /tmp/www",
			outside: fetched(func(*seen) string { return fmt.Sprint(port) }), want: "reached",
		},
		{
			options: pairs{{"expose", "81"}, {"publish-all", "true"}}, inside: "httpd -p 81 -h /tmp/www",
			outside: fetched(func(s *seen) string {
				for _, b := range s.c.NetworkSettings.Ports[network.MustParsePort("81/tcp")] {
					return b.HostPort
				}
				return "none"
			}), want: "reached",
		},
		{field: "docker.port_mappings", inside: "httpd -p 82 -h /tmp/www", outside: fetched(mappedPort("82/tcp")), want: "reached"},
	}
}

func mappedPort(port string) func(*seen) string {
	return func(s *seen) string {
		return s.c.HostConfig.PortBindings[network.MustParsePort(port)][0].HostPort
	}
}

// withPorts has those of the node that nameEffects use.
func withPorts(t *testing.T, _ *dockertest.Engine, task *mesos.TaskInfo) {
	mapped := freePort(t)
	task.Container.Docker.PortMappings = []mesos.ContainerInfo_DockerInfo_PortMapping{{HostPort: uint32(mapped), ContainerPort: 82}}
	task.Resources = append(task.Resources, mesos.Resource{
		Name: "ports", Type: mesos.RANGES.Enum(), Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: 1024, End: 65535}}},
	})
}

// freePort was free a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing is written
	return l.Addr().(*net.TCPAddr).Port
}

// fetched is what the container's server says at a port of the node.
func fetched(port func(*seen) string) func(*seen) (string, error) {
	return func(s *seen) (string, error) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := client.Get("http://127.0.0.1:" + port(s) + "/word")
		if err != nil {
			return "", err
		}
		defer func() { _ = r.Body.Close() }() // it is read
		text, err := io.ReadAll(r.Body)
		return string(text), err
	}
}

// addressEffects are of a container in the user network web.
func addressEffects(*testing.T) []effect {
	return []effect{
		{options: pairs{{"ip", "10.214.0.9"}}, inside: "ip -4 address show eth0 | grep -c 10.214.0.9/24", want: "1"},
		{options: pairs{{"ip6", "fd00:214::9"}}, inside: "ip -6 address show eth0 | grep -c fd00:214::9/64", want: "1"},
		{options: pairs{{"link-local-ip", "169.254.7.7"}}, inside: "ip -4 address show eth0 | grep -c 169.254.7.7", want: "1"},
		{options: pairs{{"network-alias", "shop"}}, outside: told(func(c container.InspectResponse) any {
			web := c.NetworkSettings.Networks["web"]
			return web != nil && slices.Contains(web.Aliases, "shop")
		}), want: "true"},
		{options: pairs{{"network", "web"}}, outside: told(func(c container.InspectResponse) any { return c.HostConfig.NetworkMode }), want: "web"},
	}
}

// infoEffects are of network_infos.
func infoEffects(*testing.T) []effect {
	return []effect{
		{field: "network_infos[].ip_addresses", inside: "ip -4 address show eth0 | grep -c 10.214.0.77/24", want: "1"},
		{field: "docker.network", inside: "ip link show eth1 | grep -c eth1", want: "1"},
	}
}
