//go:build mesos

package integration_test

import (
	"context"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// startCluster starts the daemons of $MESOS_BIN.
func startCluster(ctx context.Context, o cluster.Options) (*cluster.Minicluster, error) {
	return cluster.StartReal(ctx, o)
}
