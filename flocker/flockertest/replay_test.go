package flockertest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// recordedNodes are the two of the recordings.
func recordedNodes() []flockertest.Node {
	return []flockertest.Node{
		{UUID: node1, Host: "127.0.0.1", Era: "d6f71275-3d7c-4853-b987-9bfa27f1487a"},
		{UUID: node2, Host: "127.0.0.2", Era: "eeeeeeee-2222-4222-8222-eeeeeeeeeeee"},
	}
}

// TestReplayRequests repeats the recordings of single requests, byte by byte.
func TestReplayRequests(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"01-version-and-nodes", "05-datasets-create-validation",
		"07-datasets-update-delete-validation", "09-leases", "11-http-edge-cases",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s := &flockertest.Service{Nodes: recordedNodes()}
			start(t, s)
			p := newPlayer(t, s, 1)
			p.play(t, load(t, file))
			checkMutations(t, p)
		})
	}
}

// scale makes a second of the recorded lifecycles last 50 ms.
const scale = 1.0 / 20

func realistic() flockertest.Agent {
	return flockertest.Agent{Pace: flockertest.Realistic().Scaled(scale)}
}

// TestReplayLifecycles repeats the recordings of datasets coming, moving and going
// with real filesystems, in a twentieth of the time.
func TestReplayLifecycles(t *testing.T) {
	t.Parallel()
	for _, files := range [][]string{
		{"02-create-lifecycle", "03-move-lifecycle", "04-delete-lifecycle"},
		{"13-no-maximum-size"},
		{"14-busy-filesystem"},
		{"15-agent-loss"},
		{"18-unconfigured-but-existing-dataset"},
		{"20-full-poll-trace-create-move-delete"},
	} {
		t.Run(files[0], func(t *testing.T) {
			t.Parallel()
			c := startCluster(t, realistic())
			p := newPlayer(t, &c.Service, scale, c.roots[node1], c.roots[node2])
			c.hooks(t, p)
			p.play(t, load(t, files...))
			checkMutations(t, p)
		})
	}
}

// hooks do what was done beside the requests while they were recorded.
func (c *cluster) hooks(t *testing.T, p *player) {
	var open *os.File
	p.hooks["14-busy-filesystem #5"] = func() {
		var err error
		open, err = os.Create(filepath.Join(c.States()[0].Path, "open"))
		if err != nil {
			t.Fatal(err)
		}
	}
	p.hooks["14-busy-filesystem #8"] = func() {
		if err := open.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p.hooks["15-agent-loss #5"] = func() { c.halt(t, node2) }
	p.hooks["15-agent-loss #21"] = func() { c.launch(c.agents[node2]) }
	p.exceptions = exceptions(t)
}
