package flocker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// TestOutsider: a lease of this node that nobody here has taken is somebody
// else's. Neither Lease nor the undo of it takes it away.
func TestOutsider(t *testing.T) {
	t.Parallel()
	w, s, n, v := leasedBy(t, node1, 0)
	id := v.Dataset
	ctx := untilTold(t, &v)
	_, err := s.Lease(ctx, v, n.note)
	if !errors.Is(err, volumes.ErrHeld) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "something else on this node") || !strings.Contains(err.Error(), id) {
		t.Errorf("%v", err)
	}
	giveBack(t, s, n.last())
	w.expect("POST leases", "GET leases")
	if w.holder(id) != node1 {
		t.Error("the outsider's lease is gone")
	}
}

// TestOutsiderLeaves: a lease that was left behind on this node, known to no
// journal, ends by itself: nobody prolongs it.
func TestOutsiderLeaves(t *testing.T) {
	t.Parallel()
	w, s, n, v := leasedBy(t, node1, time.Hour)
	v.Lease = 500 * time.Millisecond
	var told []string
	v.Report = func(state string) { told = append(told, state) }
	r, err := s.Lease(soon(t, 10*time.Second), v, n.note)
	if err != nil || !r.Certain || r.Free || n.last().Free {
		t.Fatalf("%v, %+v, noted %+v", err, r, n.last())
	}
	asked := w.asked()
	if len(asked) < 4 || asked[0] != "POST leases" || asked[1] != "GET leases" || strings.Count(strings.Join(asked, ","), "POST leases") != 2 {
		t.Errorf("requests %q", asked)
	}
	if len(told) == 0 || told[0] != "leased by something else on this node" {
		t.Errorf("told %q", told)
	}
}

// TestOutsiderAfterRefusedConnection: a request that never left cannot have been
// carried out.
func TestOutsiderAfterRefusedConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.make("webapp-data", node1)
	v := want("webapp-data")
	v.Dataset = id
	c := newClient(t, flocker.Options{URL: w.URL()})
	s, n := w.store(node1, func(o *flocker.StoreOptions) { o.Client = c }), &notes{}
	if _, _, err := s.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.SetLease(id, node1, 0)
	c.Close()
	w.Down()
	up := make(chan error, 1)
	ctx, late := context.WithCancel(t.Context())
	v.Report = func(string) {
		if len(up) == 0 {
			up <- w.Up(0)
			return
		}
		late()
	}
	_, err := s.Lease(ctx, v, n.note)
	if !errors.Is(err, volumes.ErrHeld) {
		t.Errorf("%v", err)
	}
	if err := <-up; err != nil {
		t.Error(err)
	}
}
