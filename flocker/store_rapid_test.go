package flocker_test

import (
	"context"
	"errors"
	"flag"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// contest is one dataset that two nodes lease, lose and return in any order.
type contest struct {
	*world
	id     string
	stores map[string]*flocker.Store
	// has is what each node believes to hold; holder is who holds it.
	has    map[string]volumes.Record
	holder string
}

// TestNoLeaseOfAnotherIsTaken: whatever happens to processes, answers and
// leases, what one node does never takes the other's lease away.
func TestNoLeaseOfAnotherIsTaken(t *testing.T) {
	if err := flag.Set("rapid.checks", "30"); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	stores := map[string]*flocker.Store{node1: w.warm(node1), node2: w.warm(node2)}
	rapid.Check(t, func(t *rapid.T) {
		c := &contest{world: w, stores: stores, has: map[string]volumes.Record{}}
		c.id = w.make(rapid.StringMatching("[a-z]{12}").Draw(t, "name"), node1)
		nodes := rapid.SampledFrom([]string{node1, node2})
		t.Repeat(map[string]func(*rapid.T){
			"":       c.check,
			"lease":  func(t *rapid.T) { c.lease(t, nodes.Draw(t, "node")) },
			"return": func(t *rapid.T) { c.giveBack(t, nodes.Draw(t, "node")) },
			"crash":  func(t *rapid.T) { c.crash(t, nodes.Draw(t, "node")) },
			"expire": func(*rapid.T) { c.expire() },
		})
	})
}

func (c *contest) check(t *rapid.T) {
	if got := c.world.holder(c.id); got != c.holder {
		t.Fatalf("held by %q, want %q", got, c.holder)
	}
}

func (c *contest) lease(t *rapid.T, node string) {
	if _, ok := c.has[node]; ok {
		t.Skip("has it, or an entry of it to finish first")
	}
	ctx, giveUp := context.WithCancel(c.t.Context())
	defer giveUp()
	n := &notes{}
	v := volumes.Want{Name: "any", Dataset: c.id, Lease: time.Hour, Report: func(string) { giveUp() }}
	d, _ := c.Dataset(c.id)
	v.Name = d.Metadata["name"]
	r, err := c.stores[node].Lease(ctx, v, n.note)
	switch {
	case c.holder != "" && !errors.Is(err, volumes.ErrHeld), c.holder == "" && err != nil:
		t.Fatalf("held by %q: %v", c.holder, err)
	case err != nil:
		r = n.last()
	default:
		c.holder = node
	}
	c.has[node] = r
}

// crash leaves to the next process what the journal says.
func (c *contest) crash(t *rapid.T, node string) {
	r, ok := c.has[node]
	if !ok {
		t.Skip("has nothing")
	}
	c.has[node] = read(r)
}

// expire ends the lease. Its time is over for its holder as well.
func (c *contest) expire() {
	if c.holder == "" {
		return
	}
	c.RemoveLease(c.id)
	r := c.has[c.holder]
	r.LeaseSent -= int64(r.LeaseFor)
	c.has[c.holder] = r
	c.holder = ""
}

func (c *contest) giveBack(t *rapid.T, node string) {
	r, ok := c.has[node]
	if !ok {
		t.Skip("has nothing")
	}
	drop := rapid.SampledFrom([]flockertest.Drop{flockertest.NoDrop, flockertest.BeforeApplied, flockertest.AfterApplied}).Draw(t, "drop")
	if rapid.Bool().Draw(t, "other primary") {
		r.PreviousPrimary = node2
	}
	fault := c.Inject(flockertest.Fault{Method: "DELETE", Path: leasePaths, Drop: drop})
	defer fault.Remove()
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
	defer cancel()
	go c.endSweep(ctx, cancel)
	// Cancelled is by endSweep, when the lease has gone.
	if err := c.stores[node].Return(ctx, r); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	delete(c.has, node)
	if c.holder == node {
		c.holder = ""
	}
}

// endSweep plays the service's sweep at once, so that Return need not wait long.
func (c *contest) endSweep(ctx context.Context, cancel context.CancelFunc) {
	over := func(l flockertest.Lease, held bool) bool {
		return held && !l.Expires.IsZero() && !l.Expires.After(time.Now())
	}
	if c.WaitLease(ctx, c.id, over) == nil {
		c.RemoveLease(c.id)
		<-time.After(20 * time.Millisecond)
		cancel()
	}
}
