//go:build mesos

package integration_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// startCluster starts the daemons of $MESOS_BIN.
func startCluster(ctx context.Context, o cluster.Options) (*cluster.Minicluster, error) {
	return cluster.StartReal(ctx, o)
}

// loseAcknowledgements cannot be asked of real agents.
func loseAcknowledgements(*testing.T, *cluster.Minicluster, *rand.Rand) {}
