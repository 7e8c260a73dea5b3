package integration_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A port of the task's is one of the container's: by docker's proxy, for the
// engine may not touch the node's firewall. The container's own address answers,
// too. When the task has ended nobody listens there any more.
func TestDockerPublishedPort(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		id, port := "published-"+isolation, offeredPort(t)
		outside := fmt.Sprint("127.0.0.1:", port)
		task := inContainer(id, c.Nodes()[0].Name, id, serving(id, "8080"))
		submit(t, c, networked(task, mesos.ContainerInfo_DockerInfo_BRIDGE, published(port)))
		status := reaches(t, c, id, mesos.TASK_RUNNING)
		answers(t, id, outside)
		if !hasProxy(port) {
			t.Errorf("port %d answers, and no proxy of docker's is there for it", port)
		}
		answers(t, id, net.JoinHostPort(addresses(status)[""], "8080"))
		kill(t, c, id)
		silent(t, outside)
		if end := addresses(reaches(t, c, id, mesos.TASK_KILLED)); end[""] != addresses(status)[""] {
			t.Errorf("RUNNING is at %v, KILLED at %v", addresses(status), end)
		}
		nothingOf(t, c, id, id)
	})
}

// On the node's network the container's port is the node's.
func TestDockerNodesNetwork(t *testing.T) {
	t.Parallel()
	c, port := docked(t, "posix"), offeredPort(t)
	outside := fmt.Sprint("127.0.0.1:", port)
	task := inContainer("on-node", c.Nodes()[0].Name, "on-node", serving("on-node", outside))
	submit(t, c, networked(task, mesos.ContainerInfo_DockerInfo_HOST, withPort(port)))
	reaches(t, c, "on-node", mesos.TASK_RUNNING)
	answers(t, "on-node", outside)
	kill(t, c, "on-node")
	silent(t, outside)
	nothingOf(t, c, "on-node", "on-node")
}

// Without a network there is nothing but the container's loopback.
func TestDockerNoNetwork(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	task := inContainer("no-network", "", "no-network", "ls /sys/class/net; ip route | wc -l")
	if got := finishes(t, c, networked(task, mesos.ContainerInfo_DockerInfo_NONE)); got != "lo\n0\n" {
		t.Errorf("the container finds %q", got)
	}
	nothingOf(t, c, "no-network", "no-network")
}

// A container on two networks has an address on each, says both, and answers at
// both.
func TestDockerTwoNetworks(t *testing.T) {
	t.Parallel()
	c := docked(t, "linux")
	node := c.Nodes()[0].Name
	engine := engineOf(t, c, node)
	networks := map[string]netip.Prefix{}
	for _, name := range []string{"front", "back"} {
		networks[name] = userNetwork(t, engine, name)
	}
	task := inContainer("two-networks", node, "two-networks", serving("two-networks", "8080"))
	submit(t, c, networked(task, mesos.ContainerInfo_DockerInfo_USER, func(info *mesos.TaskInfo) {
		info.Container.NetworkInfos = []mesos.NetworkInfo{{Name: ptr("front")}, {Name: ptr("back")}}
	}))
	found := addresses(reaches(t, c, "two-networks", mesos.TASK_RUNNING))
	if len(found) != len(networks) {
		t.Errorf("addresses %v on %v", found, networks)
	}
	for name, address := range found {
		if ip, err := netip.ParseAddr(address); err != nil || !networks[name].Contains(ip) {
			t.Errorf("network %s: address %q of %v (%v)", name, address, networks[name], err)
		}
		answers(t, "two-networks", net.JoinHostPort(address, "8080"))
	}
	kill(t, c, "two-networks")
	nothingOf(t, c, "two-networks", "two-networks")
}

// A port that the task was not given is refused before anything is leased, and
// one that somebody listens on ends it.
func TestDockerPortRefused(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	node := c.Nodes()[0].Name
	t.Run("not the task's", func(t *testing.T) {
		t.Parallel()
		own, other := offeredPort(t), offeredPort(t)
		task := networked(inContainer("port-of-others", node, "port-of-others", "true"), mesos.ContainerInfo_DockerInfo_BRIDGE, withPort(own), mapped(other))
		end := refused(t, c, task, "container.docker.port_mappings[0]", fmt.Sprint("host port ", other), fmt.Sprintf("%d-%d", own, own))
		wantReason(t, end, mesos.REASON_TASK_INVALID)
		noContainer(t, c, "port-of-others")
		unmade(t, c, "port-of-others")
	})
	t.Run("in use", func(t *testing.T) {
		t.Parallel()
		port := offeredPort(t)
		taken, err := net.Listen("tcp", fmt.Sprint("0.0.0.0:", port))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = taken.Close() }()
		task := networked(inContainer("port-in-use", node, "port-in-use", "true"), mesos.ContainerInfo_DockerInfo_BRIDGE, published(port))
		end := refused(t, c, task, fmt.Sprint(":", port), "address already in use")
		wantReason(t, end, mesos.REASON_CONTAINER_LAUNCH_FAILED)
		if strings.Count(end.GetMessage(), "address already in use") != 1 {
			t.Errorf("message %q", end.GetMessage())
		}
		nothingOf(t, c, "port-in-use", "port-in-use")
	})
}
