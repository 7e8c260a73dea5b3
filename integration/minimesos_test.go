//go:build !mesos

package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

func startCluster(ctx context.Context, o cluster.Options) (*cluster.Minicluster, error) {
	return cluster.Start(ctx, o)
}

// misbehave tells a node's agent what to do wrong from now on. No real one can
// be asked for that: tests that call it lie behind the build tag !mesos.
func misbehave(t *testing.T, c *cluster.Minicluster, node int, f agent.Faults) {
	t.Helper()
	body, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(c.Description.Nodes[node].Agent+agent.PathFaults, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("the agent answers %s", res.Status)
	}
}
