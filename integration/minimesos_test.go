//go:build !mesos

package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

func startCluster(ctx context.Context, o cluster.Options) (*cluster.Minicluster, error) {
	return cluster.Start(ctx, o)
}

// needsOwn and needsFaults are for real control services.
func needsOwn(*testing.T)    {}
func needsFaults(*testing.T) {}

// parallel is how many tests run at once.
func parallel() string { return "6" }

// misbehave tells a node's agent what to do wrong from now on. No real one can
// be asked for that: tests that call it lie behind the build tag !mesos.
func misbehave(t *testing.T, c *cluster.Minicluster, node int, f agent.Faults) {
	t.Helper()
	body, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	// A connection kept from before may be that of an agent killed since.
	once := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := once.Post(c.Description.Nodes[node].Agent+agent.PathFaults, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("the agent answers %s", res.Status)
	}
}

// loseAcknowledgements has the first node's agent lose or delay some of the next.
func loseAcknowledgements(t *testing.T, c *cluster.Minicluster, random *rand.Rand) {
	t.Helper()
	f := agent.Faults{}
	for n := range random.IntN(3) {
		f.Acknowledgements = append(f.Acknowledgements, agent.AckFault{
			N: 1 + n + random.IntN(3), Lose: random.IntN(2) == 0, Delay: time.Duration(random.IntN(int(time.Second))),
		})
	}
	misbehave(t, c, 0, f)
}
