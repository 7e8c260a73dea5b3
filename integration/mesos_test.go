//go:build mesos

package integration_test

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// startCluster starts the daemons of $MESOS_BIN.
func startCluster(ctx context.Context, o cluster.Options) (*cluster.Minicluster, error) {
	return cluster.StartReal(ctx, o)
}

// loseAcknowledgements cannot be asked of real agents.
func loseAcknowledgements(*testing.T, *cluster.Minicluster, *rand.Rand) {}

// needsOwn leaves out, on a real control service, the tests that need a cluster
// of their own: its nodes' certificates are in use by the common one, and it
// cannot be asked for faults.
func needsOwn(t *testing.T) {
	t.Helper()
	if os.Getenv("FLOCKER_URL") != "" {
		t.Skip("not with FLOCKER_URL: only the common cluster can use the nodes' certificates")
	}
}
