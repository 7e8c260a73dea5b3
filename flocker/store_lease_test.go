package flocker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// untilTold is a context that ends as a deadline does, when v's Report is told
// what is waited for.
func untilTold(t *testing.T, v *volumes.Want) context.Context {
	t.Helper()
	ctx, late := context.WithCancelCause(t.Context())
	v.Report = func(string) { late(context.DeadlineExceeded) }
	return ctx
}

// leasedBy is a world where a node has leased the dataset that it has, and what
// wants it on node 1. A lifetime of 0 is for ever.
func leasedBy(t *testing.T, node string, lifetime time.Duration) (*world, *flocker.Store, *notes, volumes.Want) {
	t.Helper()
	w, v := newWorld(t), want("webapp-data")
	v.Dataset = w.make("webapp-data", node)
	w.SetLease(v.Dataset, node, lifetime)
	return w, w.warm(node1), &notes{}, v
}

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

func TestWaitsForAnotherNode(t *testing.T) {
	t.Parallel()
	w, s, n, v := leasedBy(t, node2, 2*time.Second)
	var told []string
	v.Report = func(state string) { told = append(told, state) }
	r, err := s.Lease(t.Context(), v, n.note)
	if err != nil || !r.Certain {
		t.Fatalf("%v, %+v", err, r)
	}
	if _, held := w.Lease(v.Dataset); !held || r.Node != node1 {
		t.Errorf("%+v, leases %v", r, w.Leases())
	}
	w.expect("POST leases", "GET leases", "POST leases", "POST dataset")
	if len(told) != 1 || !strings.HasPrefix(told[0], "held by node 22222222…, ") {
		t.Errorf("told %q", told)
	}
}

func TestHeldUntilTheDeadline(t *testing.T) {
	t.Parallel()
	for lifetime, words := range map[time.Duration]string{0: ", does not expire", time.Hour: ", expires in 3"} {
		w, s, n, v := leasedBy(t, node2, lifetime)
		ctx := untilTold(t, &v)
		_, err := s.Lease(ctx, v, n.note)
		if !errors.Is(err, volumes.ErrHeld) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "held by node "+node2+words) {
			t.Errorf("%v", err)
		}
		giveBack(t, s, n.last())
		w.expect("POST leases", "GET leases")
		if w.holder(v.Dataset) != node2 {
			t.Error("taken")
		}
	}
}

// TestAnswerOfLeaseLost: asked for again it is "renewed", and ours.
func TestAnswerOfLeaseLost(t *testing.T) {
	t.Parallel()
	for _, drop := range []flockertest.Drop{flockertest.AfterApplied, flockertest.BeforeApplied} {
		w := newWorld(t)
		s := w.warm(node1)
		w.Inject(flockertest.Fault{Method: "POST", Path: leases, Drop: drop})
		hold(t, s, want("webapp-data"))
		w.expect("POST leases", "POST leases", "POST dataset", "GET datasets", "POST datasets")
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

func TestNoteFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	moved := w.make("moved", node2)
	s, full := w.warm(node1), errors.New("disk full")
	fails := func(volumes.Record) error { return full }
	n := &notes{}
	there, err := s.Lease(t.Context(), want("moved"), n.note)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := s.Lease(t.Context(), want("fresh"), n.note)
	if err != nil {
		t.Fatal(err)
	}
	w.asked()
	_, err1 := s.Lease(t.Context(), want("any"), fails)
	_, err2 := s.Bring(t.Context(), there, fails)
	_, err3 := s.Bring(t.Context(), fresh, fails)
	renewal := want("moved")
	renewal.Renew = &there
	_, err4 := s.Lease(t.Context(), renewal, fails)
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, full) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if w.expect(); there.Dataset != moved {
		t.Errorf("%+v", there)
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.warm(node1)
	r := hold(t, s, want("webapp-data"))
	w.asked()
	n := &notes{}
	v := volumes.Want{Name: "webapp-data", Lease: 2 * time.Minute, Renew: &r}
	renewed, err := s.Lease(t.Context(), v, n.note)
	if err != nil || renewed.LeaseSent <= r.LeaseSent || renewed.LeaseFor != 2*time.Minute || !renewed.LeaseUntil.After(r.LeaseUntil) || !renewed.Certain {
		t.Errorf("%v, %+v", err, renewed)
	}
	w.expect("POST leases")
	w.RemoveLease(r.Dataset) // had gone: taken anew
	if renewed, err = s.Lease(t.Context(), v, n.note); err != nil || !renewed.Certain || w.holder(r.Dataset) != node1 {
		t.Errorf("%v, %+v", err, renewed)
	}
	w.asked()
	w.SetLease(r.Dataset, node2, time.Hour)
	_, err = s.Lease(t.Context(), v, n.note)
	if !errors.Is(err, volumes.ErrHeld) || !strings.Contains(err.Error(), node2) {
		t.Errorf("%v", err)
	}
	w.expect("POST leases", "GET leases")
}

// TestBringWithoutLease: when the lease ran out while other volumes were waited
// for, and another node has the dataset, it is not ordered away.
func TestBringWithoutLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.make("webapp-data", node2)
	s, n := w.warm(node1), &notes{}
	r, err := s.Lease(t.Context(), want("webapp-data"), n.note)
	if err != nil {
		t.Fatal(err)
	}
	r.LeaseSent -= int64(time.Hour)
	w.SetLease(id, node2, time.Hour)
	if _, err := s.Bring(t.Context(), r, n.note); !errors.Is(err, volumes.ErrHeld) {
		t.Errorf("%v", err)
	}
	if d, _ := w.Dataset(id); d.Primary != node2 {
		t.Errorf("moved to %s", d.Primary)
	}
	w.RemoveLease(id)
	if r, err = s.Bring(t.Context(), r, n.note); err != nil || !r.Certain || r.Primary != node1 {
		t.Errorf("%v, %+v", err, r)
	}
}

// TestThousandAtOnce: nobody is refused and nobody lists.
func TestThousandAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 1000
	for i := range n {
		name := fmt.Sprint("volume-", i)
		w.Create(flockertest.Dataset{ID: flocker.ComputedID(name, 0), Primary: node1, Metadata: map[string]string{"name": name}})
	}
	s := w.warm(node1)
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		wg.Go(func() {
			_, err := s.Lease(t.Context(), want(fmt.Sprint("volume-", i)), (&notes{}).note)
			errs <- err
		})
	}
	wg.Wait()
	for range n {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	asked := w.asked()
	if len(asked) != 2*n || len(w.Leases()) != n {
		t.Errorf("%d requests, %d leases", len(asked), len(w.Leases()))
	}
	for _, a := range asked {
		if strings.HasPrefix(a, "GET") {
			t.Errorf("%s", a)
		}
	}
}

// TestBringKeepsItsLease: an order that is repeated for long is sent only while
// the lease is certain.
func TestBringKeepsItsLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, n, v := w.warm(node1), &notes{}, want("webapp-data")
	v.Dataset, v.Lease = w.make("webapp-data", node2), 2*time.Second
	r, err := s.Lease(t.Context(), v, n.note)
	if err != nil {
		t.Fatal(err)
	}
	slow := w.Inject(flockertest.Fault{Method: "POST", Path: "/v1/configuration/datasets/*", Times: -1, Answer: flockertest.Unavailable()})
	brought := make(chan error, 1)
	go func() {
		_, err := s.Bring(t.Context(), r, n.note)
		brought <- err
	}()
	leased := 0
	if _, err := w.WaitEntry(soon(t, 10*time.Second), func(e flockertest.Entry) bool {
		if e.Method == "POST" && e.PlainPath() == leases {
			leased++
		}
		return leased == 2
	}); err != nil {
		t.Error(err)
	}
	slow.Remove()
	if err := <-brought; err != nil {
		t.Error(err)
	}
}
