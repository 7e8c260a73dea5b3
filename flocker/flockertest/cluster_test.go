package flockertest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/moby/sys/mountinfo"
)

// cluster is a service with two agents in this process.
type cluster struct {
	flockertest.Service
	dir    string
	roots  map[string]string
	agents map[string]flockertest.Agent
	stop   map[string]context.CancelFunc
	done   map[string]chan error
}

func (c *cluster) pool() string { return filepath.Join(c.dir, "pool") }

// startCluster runs a service and an agent for each of two nodes, and fails the
// test if anything is mounted or attached when all is over.
func startCluster(t *testing.T, agent flockertest.Agent) *cluster {
	t.Helper()
	c := &cluster{
		dir: t.TempDir(), roots: map[string]string{}, agents: map[string]flockertest.Agent{},
		stop: map[string]context.CancelFunc{}, done: map[string]chan error{},
	}
	t.Cleanup(func() { nothingLeft(t, c.dir) })
	c.Nodes, c.Pace = []flockertest.Node{}, agent.Pace
	if agent.Pace.Push > 0 {
		c.StateExpiry = 120 * agent.Pace.Push // as 120 s are to the real one
	}
	start(t, &c.Service)
	for _, n := range flockertest.DefaultNodes() {
		a := agent
		a.UUID, a.Host, a.Era = n.UUID, n.Host, n.Era
		a.Root, a.Pool = filepath.Join(c.dir, n.UUID[:4]), c.pool()
		a.ServiceURL, a.Logf = c.AgentURL(), t.Logf
		c.roots[n.UUID], c.agents[n.UUID] = a.Root, a
	}
	t.Cleanup(func() {
		for node := range c.stop {
			c.halt(t, node)
		}
		if err := flockertest.Sweep(c.dir); err != nil {
			t.Error(err)
		}
	})
	for _, a := range c.agents {
		c.run(t, a)
	}
	return c
}

// run starts an agent and waits for its first report.
func (c *cluster) run(t *testing.T, a flockertest.Agent) {
	t.Helper()
	c.launch(a)
	if err := c.WaitNode(brief(t), a.UUID); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) launch(a flockertest.Agent) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	c.stop[a.UUID], c.done[a.UUID] = cancel, done
	go func() { done <- a.Run(ctx) }()
}

func (c *cluster) halt(t *testing.T, node string) {
	c.stop[node]()
	if err := <-c.done[node]; err != nil {
		t.Errorf("agent of %s: %v", node, err)
	}
	delete(c.stop, node)
}

// nothingLeft requires that no mount and no loop device below dir is left. A loop
// device goes a moment after the last mount, when the kernel has written it out.
func nothingLeft(t *testing.T, dir string) {
	deadline := time.Now().Add(10 * time.Second)
	for {
		left := leftBelow(t, dir)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left below %s: %v", dir, left)
			return
		}
		until(time.Now().Add(5 * time.Millisecond))
	}
}

func leftBelow(t *testing.T, dir string) (left []string) {
	t.Helper()
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		t.Error(err)
	}
	for _, m := range mounts {
		left = append(left, "mount "+m.Mountpoint)
	}
	devices, err := flockertest.Backing()
	if err != nil {
		t.Error(err)
	}
	for image, minors := range devices {
		if strings.HasPrefix(image, dir) {
			left = append(left, fmt.Sprintf("%s behind loop devices %v", image, minors))
		}
	}
	return left
}

func (c *cluster) create(t *testing.T, node string) (id, path string) {
	t.Helper()
	id = c.Create(flockertest.Dataset{Primary: node, MaximumSize: 64 << 20})[0]
	return id, c.mounted(t, id, node)
}

func (c *cluster) mounted(t *testing.T, id, node string) string {
	t.Helper()
	path, err := c.WaitMounted(brief(t), id, node)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(c.roots[node], id); path != want {
		t.Fatalf("mounted at %s, not at %s", path, want)
	}
	return path
}
