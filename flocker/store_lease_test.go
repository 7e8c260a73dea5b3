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

// TestOutsider: a lease of this node that nobody here has taken is somebody
// else's. Neither Lease nor the undo of it takes it away.
func TestOutsider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.make("webapp-data", node1)
	v := want("webapp-data")
	v.Dataset = id
	w.SetLease(id, node1, 0)
	s, n := w.warm(node1), &notes{}
	_, err := s.Lease(t.Context(), v, n.note)
	if !errors.Is(err, volumes.ErrHeld) || !strings.Contains(err.Error(), "something else on this node") || !strings.Contains(err.Error(), id) {
		t.Errorf("%v", err)
	}
	giveBack(t, s, n.last())
	w.expect("POST leases")
	if w.holder(id) != node1 {
		t.Error("the outsider's lease is gone")
	}
}

func TestWaitsForAnotherNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.make("webapp-data", node2)
	v := want("webapp-data")
	v.Dataset = id
	w.SetLease(id, node2, 500*time.Millisecond)
	s, n := w.warm(node1), &notes{}
	var told []string
	v.Report = func(state string) { told = append(told, state) }
	began := time.Now()
	r, err := s.Lease(t.Context(), v, n.note)
	if err != nil || !r.Certain {
		t.Fatalf("%v, %+v", err, r)
	}
	if took := time.Since(began); took < 500*time.Millisecond || took > 4*time.Second {
		t.Errorf("took %v", took)
	}
	w.expect("POST leases", "GET leases", "POST leases", "POST dataset")
	if len(told) != 1 || !strings.HasPrefix(told[0], "held by node 22222222…, ") {
		t.Errorf("told %q", told)
	}
}

func TestHeldUntilTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.make("webapp-data", node2)
	v := want("webapp-data")
	v.Dataset = id
	for _, lifetime := range []time.Duration{0, time.Hour} {
		w.SetLease(id, node2, lifetime)
		s, n := w.warm(node1), &notes{}
		ctx, late := context.WithCancelCause(t.Context())
		v.Report = func(string) { late(context.DeadlineExceeded) }
		_, err := s.Lease(ctx, v, n.note)
		words := map[time.Duration]string{0: ", does not expire", time.Hour: ", expires in 3600 s"}[lifetime]
		if !errors.Is(err, volumes.ErrHeld) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "held by node "+node2+words) {
			t.Errorf("%v", err)
		}
		giveBack(t, s, n.last())
		w.expect("POST leases", "GET leases")
	}
	if w.holder(id) != node2 {
		t.Error("taken")
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
	v.Report = func(string) {
		select {
		case up <- w.Up(0):
		default:
		}
	}
	_, err := s.Lease(t.Context(), v, n.note)
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

// TestFaults: what goes wrong for a moment is survived, what stays wrong is told
// in the server's words.
func TestFaults(t *testing.T) {
	t.Parallel()
	faults := map[string]flockertest.Fault{
		"500": {Answer: flockertest.ServerError()}, "503": {Answer: flockertest.Unavailable()}, "page": {Answer: flockertest.HTML()},
		"garbage": {Answer: flockertest.Garbage()}, "dropped": {Drop: flockertest.BeforeApplied}, "applied": {Drop: flockertest.AfterApplied},
	}
	for name, fault := range faults {
		for _, path := range []string{leases, "/v1/configuration/datasets/*", "/v1/configuration/datasets"} {
			t.Run(name+path, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				s := w.warm(node1)
				fault.Path = path
				w.Inject(fault)
				r := hold(t, s, want("webapp-data"))
				giveBack(t, s, r)
				if len(w.Leases()) != 0 || len(w.Datasets()) != 1 {
					t.Errorf("%v, %v", w.Leases(), w.Datasets())
				}
			})
		}
	}
	for name, word := range map[string]string{"500": "38d6cc10", "page": "Please sign in.", "503": "503 Service Unavailable", "garbage": "unreadable answer"} {
		t.Run("always "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s, fault := w.warm(node1), faults[name]
			fault.Times = -1
			w.Inject(fault)
			ctx, late := context.WithCancelCause(t.Context())
			v := want("webapp-data")
			v.Report = func(string) { late(context.DeadlineExceeded) }
			_, err := s.Lease(ctx, v, (&notes{}).note)
			if err == nil || errors.Is(err, volumes.ErrHeld) || !strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), "POST ") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestCreateAnswerLost: the id is in use when it is sent again, by ourselves.
func TestCreateAnswerLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.warm(node1)
	w.Inject(flockertest.Fault{Method: "POST", Path: "/v1/configuration/datasets", Drop: flockertest.AfterApplied})
	r := hold(t, s, want("webapp-data"))
	w.expect("POST leases", "POST dataset", "GET datasets", "POST datasets", "POST datasets", "POST dataset")
	if len(w.Datasets()) != 1 || r.Primary != node1 || !r.Exists || r.PreviousPrimary != "" {
		t.Errorf("%+v, %v", r, w.Datasets())
	}
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

// TestCancelled: a KILL ends the wait for a slow service at once. The request is
// carried out after all, and its lease returned with certainty; if it was
// somebody else's, it stays.
func TestCancelled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before func(*world, string)
		asked  []string
		holder string
	}{
		"taken":       {func(*world, string) {}, []string{"POST leases", "DELETE lease"}, ""},
		"an outsider": {func(w *world, id string) { w.SetLease(id, node1, 0) }, []string{"POST leases"}, node1},
		"another's":   {func(w *world, id string) { w.SetLease(id, node2, 0) }, []string{"POST leases"}, node2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := flocker.ComputedID("webapp-data", 0)
			test.before(w, id)
			s, n := w.warm(node1), &notes{}
			stuck := w.Inject(flockertest.Fault{Method: "POST", Path: leases, Until: t.Context().Done()})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-stuck.Hit()
				cancel()
			}()
			_, err := s.Lease(ctx, want("webapp-data"), n.note)
			if !errors.Is(err, context.Canceled) || n.last().Free {
				t.Errorf("%v, %+v", err, n.last())
			}
			giveBack(t, s, volumes.Record{Dataset: ds, Node: node1}) // another dataset's is not waited for
			w.asked()
			stuck.Remove()
			giveBack(t, s, n.last())
			w.expect(test.asked...)
			if got := w.holder(id); got != test.holder {
				t.Errorf("held by %q", got)
			}
		})
	}
}

// TestReturnOfWhatIsInTheAir: when the service does not answer, Return ends with
// its context and says what is not known.
func TestReturnOfWhatIsInTheAir(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, n := w.warm(node1), &notes{}
	stuck := w.Inject(flockertest.Fault{Method: "POST", Path: leases, Until: t.Context().Done()})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-stuck.Hit()
		cancel()
	}()
	if _, err := s.Lease(ctx, want("webapp-data"), n.note); err == nil {
		t.Fatal("leased")
	}
	err := s.Return(soon(t, 100*time.Millisecond), n.last())
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "return the lease of dataset webapp-data") {
		t.Errorf("%v", err)
	}
	stuck.Remove()
	if err := w.WaitLease(t.Context(), n.last().Dataset, func(_ flockertest.Lease, held bool) bool { return held }); err != nil {
		t.Fatal(err)
	}
	giveBack(t, s, n.last())
	if len(w.Leases()) != 0 {
		t.Errorf("%v", w.Leases())
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
