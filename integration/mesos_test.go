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

// theNodes is there because a real control service has certificates for the
// nodes of one cluster.
var theNodes = make(chan struct{}, 1)

// needsOwn is called before a test starts a cluster of its own. On a real control
// service those tests run in another process than the ones of the common cluster,
// and one after the other.
func needsOwn(t *testing.T) {
	t.Helper()
	if os.Getenv("FLOCKER_URL") == "" {
		return
	}
	if !ownClusters() {
		t.Fatal("starts a cluster of its own: that is not in the list of .ci/e2e-mesos")
	}
	theNodes <- struct{}{}
	t.Cleanup(func() { <-theNodes })
}

func ownClusters() bool { return os.Getenv("FLOCKER_CLUSTERS") == "own" }

// needsFaults is called by tests that ask the control service for faults.
func needsFaults(t *testing.T) {
	t.Helper()
	if os.Getenv("FLOCKER_URL") != "" {
		t.Fatal("asks the control service for faults: that is not in the list of .ci/e2e-mesos")
	}
}

// parallel is how many tests run at once. Those that wait for theNodes must not
// keep out the parts of the one that has them.
func parallel() string {
	if ownClusters() {
		return "100"
	}
	return "6"
}
