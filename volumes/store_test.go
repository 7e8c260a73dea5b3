package volumes_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/storetest"
)

// The storage system that these tests stand on keeps a Store's promises.
func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Cluster { return suiteCluster{cluster{t.TempDir()}} })
}

type suiteCluster struct{ cluster cluster }

func (c suiteCluster) Store(node int) volumes.Store {
	return store{cluster: c.cluster, node: c.Node(node)}
}

func (c suiteCluster) Node(node int) string { return []string{here, there}[node] }

func (c suiteCluster) Make(name string, node int) string {
	id := uuid.NewString()
	c.cluster.change(func(s *state) { s.Datasets[id] = &dataset{Name: name, Primary: c.Node(node)} })
	return id
}

func (c suiteCluster) Primary(id string) string {
	if d := c.cluster.read().Datasets[id]; d != nil {
		return d.Primary
	}
	return ""
}

func (c suiteCluster) Holder(id string) string { return c.cluster.read().Leases[id].Node }

func (c suiteCluster) Changes() int { return len(c.cluster.read().Log) }
