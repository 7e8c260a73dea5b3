package integration_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// networked puts a task's container on a network of this kind; more has the last
// say.
func networked(task cluster.Task, kind mesos.ContainerInfo_DockerInfo_Network, more ...func(*mesos.TaskInfo)) cluster.Task {
	task.Info = func(info *mesos.TaskInfo) {
		info.Container = &mesos.ContainerInfo{
			Type:   mesos.ContainerInfo_DOCKER.Enum(),
			Docker: &mesos.ContainerInfo_DockerInfo{Image: cluster.Image, Network: &kind},
		}
		for _, m := range more {
			m(info)
		}
	}
	return task
}

// published maps a port of the node, which is the task's, to the container's 8080.
func published(port uint32) func(*mesos.TaskInfo) {
	return func(info *mesos.TaskInfo) {
		withPort(port)(info)
		mapped(port)(info)
	}
}

func mapped(port uint32) func(*mesos.TaskInfo) {
	return func(info *mesos.TaskInfo) {
		info.Container.Docker.PortMappings = []mesos.ContainerInfo_DockerInfo_PortMapping{{HostPort: port, ContainerPort: 8080}}
	}
}

// withPort asks for a port of the node.
func withPort(port uint32) func(*mesos.TaskInfo) {
	return func(info *mesos.TaskInfo) {
		info.Resources = append(info.Resources, mesos.Resource{
			Name: "ports", Type: mesos.RANGES.Enum(),
			Ranges:         &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: uint64(port), End: uint64(port)}}},
			AllocationInfo: &mesos.Resource_AllocationInfo{Role: ptr("*")},
		})
	}
}

// portsGiven counts the offered ports that tests have taken.
var portsGiven atomic.Uint32

// offeredPort is one of those that the first node of each cluster offers, and that
// nobody listens on. All clusters are on one network: they take turns, from the
// end, for schedulers begin at the other one.
func offeredPort(t *testing.T) uint32 {
	t.Helper()
	const last, many = 31099, 50
	for range many {
		port := last - portsGiven.Add(1)%many
		if l, err := net.Listen("tcp", fmt.Sprint(":", port)); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no port is left")
	return 0
}

// serving is a shell script for process 1 of a container that writes its task's
// name to the volume and serves that at an address, [host:]port, until it is told
// to end. While there is a file stop in the sandbox it serves nothing.
func serving(id, address string) string {
	return fmt.Sprintf(`trap 'exit 143' TERM; echo %s > /data/who; httpd -f -p %s -h /data &
while sleep 0.05; do if [ -e "$MESOS_SANDBOX/stop" ]; then kill $!; fi; done`, id, address)
}

// direct makes a connection for each request, and goes by no proxy.
var direct = http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}

// answers waits until the task's server answers at an address.
func answers(t *testing.T, id, address string) {
	t.Helper()
	eventually(t, id+" answers at "+address, func() error {
		got, err := direct.Get("http://" + address + "/who")
		if err != nil {
			return err
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		if err == nil && string(text) != id+"\n" {
			err = fmt.Errorf("it says %q (%s)", text, got.Status)
		}
		return err
	})
}

// silent: nobody listens at the address.
func silent(t *testing.T, address string) {
	t.Helper()
	if conn, err := net.DialTimeout("tcp", address, 5*time.Second); err == nil {
		_ = conn.Close()
		t.Errorf("somebody listens at %s", address)
	}
}

// addresses are those in a status, by the names of their networks.
func addresses(s mesos.TaskStatus) map[string]string {
	found := map[string]string{}
	for _, n := range s.GetContainerStatus().GetNetworkInfos() {
		for _, a := range n.IPAddresses {
			found[n.GetName()] = a.GetIPAddress()
		}
	}
	return found
}

// hasProxy says whether one of docker's proxies serves a port of the node.
func hasProxy(port uint32) bool {
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		words, _ := os.ReadFile(path)
		if strings.Contains(string(words), "docker-proxy\x00") && strings.Contains(string(words), fmt.Sprintf("\x00-host-port\x00%d\x00", port)) {
			return true
		}
	}
	return false
}

// userNetwork is a network of an engine's for one test. Engines share the
// machine's network, so it takes some addresses at random.
func userNetwork(t *testing.T, e *cluster.Engine, name string) (prefix netip.Prefix) {
	t.Helper()
	prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 216, byte(rand.Uint32()), byte(rand.Uint32()) &^ 15}), 28)
	made, err := e.API.NetworkCreate(deadline(t), name, client.NetworkCreateOptions{
		Driver: "bridge", IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: prefix}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := e.API.NetworkRemove(ctx, made.ID, client.NetworkRemoveOptions{}); err != nil {
			t.Error(err)
		}
	})
	return prefix
}
