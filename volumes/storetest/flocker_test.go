package storetest_test

import (
	"net/http"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/storetest"
)

// flockerCluster is Flocker's client on the test service.
type flockerCluster struct {
	t       *testing.T
	service *flockertest.Service
	nodes   []flockertest.Node
}

func TestFlocker(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Cluster {
		c := &flockerCluster{t: t, nodes: flockertest.DefaultNodes()}
		c.service = &flockertest.Service{Nodes: c.nodes}
		t.Cleanup(c.service.Close)
		if err := c.service.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	})
}

func (c *flockerCluster) Store(node int) volumes.Store {
	client, err := flocker.NewClient(flocker.Options{URL: c.service.URL()})
	if err != nil {
		c.t.Fatal(err)
	}
	return flocker.NewStore(flocker.StoreOptions{Client: client, Node: c.nodes[node].UUID})
}

func (c *flockerCluster) Node(node int) string { return c.nodes[node].UUID }

func (c *flockerCluster) Make(name string, node int) string {
	return c.service.Create(flockertest.Dataset{Primary: c.nodes[node].UUID, Metadata: map[string]string{"name": name}})[0]
}

func (c *flockerCluster) Primary(dataset string) string {
	d, _ := c.service.Dataset(dataset)
	return d.Primary
}

func (c *flockerCluster) Holder(dataset string) string {
	l, _ := c.service.Lease(dataset)
	return l.Node
}

func (c *flockerCluster) Changes() int {
	n := 0
	for _, e := range c.service.Entries() {
		if e.Method != http.MethodGet && e.Body != "{}" {
			n++
		}
	}
	return n
}
