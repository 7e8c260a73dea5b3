package docker_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// madeNetwork is a network of the shared engine's for one test.
func madeNetwork(t *testing.T, subnet string) string {
	t.Helper()
	name := "n" + uuid.NewString()[:8]
	made, err := shared.API.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{
		Driver: "bridge", Internal: true, IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: netip.MustParsePrefix(subnet)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := shared.API.NetworkRemove(cleanup(t), made.ID, client.NetworkRemoveOptions{}); err != nil {
			t.Error(err)
		}
	})
	return name
}

// An engine of this age takes one network at creation; the others join.
func TestSeveralNetworks(t *testing.T) {
	main, other := madeNetwork(t, "10.213.1.0/24"), madeNetwork(t, "10.213.2.0/24")
	c := task(t, "sleep 1000")
	fixed := netip.MustParseAddr("10.213.2.77")
	c.Host.NetworkMode = container.NetworkMode(main)
	c.Networking.EndpointsConfig = map[string]*network.EndpointSettings{
		main: {}, other: {IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: fixed}},
	}
	there := map[string]netip.Addr{}
	for _, n := range started(t, open(t, shared), c).Running().Networks {
		there[n.Name] = n.IPv4
	}
	if len(there) != 2 || !strings.HasPrefix(there[main].String(), "10.213.1.") || there[other] != fixed {
		t.Errorf("networks %v", there)
	}
}

func TestNetworkMissing(t *testing.T) {
	main := madeNetwork(t, "10.213.3.0/24")
	c := task(t, "true")
	c.Host.NetworkMode = container.NetworkMode(main)
	c.Networking.EndpointsConfig = map[string]*network.EndpointSettings{main: {}, "nosuch": {}}
	b := open(t, shared).Body(c)
	defer func() {
		if err := b.Remove(cleanup(t)); err != nil {
			t.Error(err)
		}
	}()
	err := b.Create(t.Context(), nil) // an engine may look for it only at the start
	if err == nil {
		_, err = b.Start(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "nosuch") {
		t.Errorf("error %v", err)
	}
}
