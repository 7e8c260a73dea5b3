package flocker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

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
				hit := fault
				hit.Path = path
				w.Inject(hit)
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
			v := want("webapp-data")
			ctx := untilTold(t, &v)
			_, err := s.Lease(ctx, v, (&notes{}).note)
			if err == nil || errors.Is(err, volumes.ErrHeld) || !strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), "POST ") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestUnreachableService is waited for until the caller gives up, and named.
func TestUnreachableService(t *testing.T) {
	t.Parallel()
	s := flocker.NewStore(flocker.StoreOptions{Client: newClient(t, flocker.Options{URL: "http://127.0.0.1:1"})})
	ctx, late := context.WithCancelCause(t.Context())
	v := want("webapp-data")
	v.Report = func(state string) {
		if strings.Contains(state, "connection refused") {
			late(errors.New("not ready within 10s"))
		}
	}
	_, err := s.Lease(ctx, v, (&notes{}).note)
	if err == nil || !strings.Contains(err.Error(), "connection refused; gave up after") || !strings.Contains(err.Error(), "not ready within 10s") {
		t.Errorf("%v", err)
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
			ctx := untilHit(t, stuck)
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
	ctx := untilHit(t, stuck)
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
