package integration_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// TestTorture is the short form of TestSoakTorture.
func TestTorture(t *testing.T) {
	t.Parallel()
	torture(t, 3, 8*time.Second)
}

// hops is one dataset's life: its tasks run one after the other, now here, now
// there.
type hops struct {
	name   string
	random *rand.Rand
	synced int // the last number that a task reported as synced
	tasks  int // how many were submitted
	ran    int
}

// torture lets tasks hop between two nodes with their datasets while executors
// and agents are killed and an operator removes leases and orders datasets away,
// and holds each task to finding what the one before it reported as synced. The
// oracle of the cluster runs beside it.
func torture(t *testing.T, datasets int, length time.Duration) {
	c := startFaulty(t, cluster.Options{Environment: map[string]string{"FLOCKER_EXECUTOR_LEASE": "2s"}})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	over := time.Now().Add(length)
	agents := &lifts{c: c, closed: make(chan struct{}, 1)}
	var group sync.WaitGroup
	all := make([]*hops, datasets)
	for i := range all {
		h := &hops{name: fmt.Sprintf("tortured-%d", i), random: rand.New(rand.NewPCG(seed, uint64(i)))}
		all[i] = h
		group.Go(func() {
			for time.Now().Before(over) && !t.Failed() {
				h.hop(t, c, agents)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	var names []string
	for _, h := range all {
		h.last(t, c)
		names = append(names, h.name)
	}
	for _, n := range c.Nodes() {
		recoverBy(t, c, n.Name) // no later executor may have come to this node
	}
	gone(t, c, names...)
}

// hop runs one task and ends it in one of many ways.
func (h *hops) hop(t *testing.T, c *cluster.Minicluster, agents *lifts) {
	node := c.Nodes()[h.random.IntN(2)]
	before := agents.count.Load()
	id := h.submit(t, c, node.Name, counting)
	if t.Failed() {
		return
	}
	status, err := c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool {
		return s.GetState() == mesos.TASK_RUNNING || framework.Terminal(s.GetState())
	})
	if err == nil && lostWithAgent(status, before, agents.count.Load()) {
		return
	}
	if err != nil || status.GetState() != mesos.TASK_RUNNING {
		t.Errorf("task %s on %s is %s: %s (%v)", id, node.Name, status.GetState(), status.GetMessage(), err)
		return
	}
	h.ran++
	h.found(t, c, id)
	h.await(t, c, id, h.random.IntN(20))
	h.disturb(t, c, agents, id, node)
	if _, err := c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool { return framework.Terminal(s.GetState()) }); err != nil {
		t.Error(err)
		return
	}
	h.ended(t, c, id)
}

// lostWithAgent says that a task did not come to run because an agent was killed
// meanwhile. TASK_DROPPED means that its executor was never started.
func lostWithAgent(s mesos.TaskStatus, before, after int64) bool {
	restarted := before%2 == 1 || after != before
	return s.GetState() == mesos.TASK_DROPPED || s.GetState() != mesos.TASK_RUNNING && restarted
}

func (h *hops) submit(t *testing.T, c cluster.Cluster, node, command string) string {
	h.tasks++
	id := fmt.Sprintf("%s.%d", h.name, h.tasks)
	task := counter(id, node, h.name)
	task.Command = command
	if err := c.Submit(deadline(t), task); err != nil {
		t.Error(err)
	}
	return id
}

// disturb does one bad thing, or none, and sees to it that the task ends.
func (h *hops) disturb(t *testing.T, c *cluster.Minicluster, agents *lifts, id string, node cluster.Node) {
	other := c.Nodes()[0]
	if other == node {
		other = c.Nodes()[1]
	}
	switch h.random.IntN(6) {
	case 0:
		if killIfAlive(t, c, id) {
			return
		}
	case 1:
		c.Service.RemoveLease(computedID(h.name))
		c.Service.Move(computedID(h.name), other.Flocker)
		h.await(t, c, id, 5)
	case 2:
		c.Service.RemoveLease(computedID(h.name))
	case 3:
		agents.restart(t, node.Name)
	case 4:
		if err := c.Service.Restart(100 * time.Millisecond); err != nil {
			t.Error(err)
		}
	}
	if err := c.Kill(deadline(t), id, nil); err != nil {
		t.Error(err)
	}
}

// await waits until the task has counted further.
func (h *hops) await(t *testing.T, c cluster.Cluster, id string, further int) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	over := time.After(30 * time.Second)
	for first := lastSynced(t, c, id); lastSynced(t, c, id) < first+further; {
		select {
		case <-tick.C:
		case <-over:
			t.Errorf("task %s counts no further than %d", id, lastSynced(t, c, id))
			return
		}
		if hasEnded(t, c, id) {
			return
		}
	}
}

// found holds a task to finding what was synced before: that number, or one
// more, if the writer was killed between syncing and reporting.
func (h *hops) found(t *testing.T, c cluster.Cluster, id string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	over := time.After(30 * time.Second)
	for {
		text, err := output(c, id, "stdout")
		line, _, whole := strings.Cut(text, "\n")
		var found int
		if _, scan := fmt.Sscanf(line, "found %d", &found); err == nil && whole && scan == nil {
			if found < h.synced || found > h.synced+1 {
				t.Errorf("task %s found %d, but %d was reported as synced", id, found, h.synced)
			}
			h.synced = max(h.synced, found)
			return
		}
		if hasEnded(t, c, id) {
			return
		}
		select {
		case <-tick.C:
		case <-over:
			t.Errorf("task %s never said what it found: %q (%v)%s", id, text, err, stderr(c, id))
			return
		}
	}
}

func hasEnded(t *testing.T, c cluster.Cluster, id string) bool {
	all, err := c.Statuses(deadline(t), id)
	return err == nil && len(all) > 0 && framework.Terminal(all[len(all)-1].GetState())
}

// ended waits until no process of the task can write any more.
func (h *hops) ended(t *testing.T, c cluster.Cluster, id string) {
	noProcess(t, c, id)
	h.synced = max(h.synced, lastSynced(t, c, id))
}

// last runs a task undisturbed: everything is there.
func (h *hops) last(t *testing.T, c cluster.Cluster) {
	t.Helper()
	id := h.submit(t, c, "", `n=$(wc -l < data/log); echo "found $n"; seq $n | cmp - data/log`)
	reaches(t, c, id, mesos.TASK_FINISHED)
	complete(t, c, id, h.synced)
	t.Logf("%s: %d tasks, of which %d ran, counted to %d", h.name, h.tasks, h.ran, h.synced)
}

// lifts lets one agent at a time be killed and started again.
type lifts struct {
	c      cluster.Cluster
	closed chan struct{}
	count  atomic.Int64 // of restarts begun and ended: odd while one is under way
}

func (l *lifts) restart(t *testing.T, node string) {
	l.closed <- struct{}{}
	defer func() { <-l.closed }()
	l.count.Add(1)
	defer l.count.Add(1)
	if err := l.c.KillAgent(deadline(t), node); err != nil {
		t.Error(err)
		return
	}
	if err := l.c.StartAgent(deadline(t), node); err != nil {
		t.Error(err)
	}
}
