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

const datasetPaths, datasetsPath = "/v1/configuration/datasets/*", "/v1/configuration/datasets"

// interrupted runs act until its first request that f matches is with the
// service, which does not look at it before the fault is removed; then its
// caller goes.
func (w *world) interrupted(f flockertest.Fault, act func(ctx context.Context) error) *flockertest.Injected {
	w.t.Helper()
	f.Until = w.t.Context().Done()
	stuck := w.Inject(f)
	if err := act(untilHit(w.t, stuck)); !errors.Is(err, context.Canceled) || !flocker.MayBeApplied(err) {
		w.t.Fatalf("interrupted: %v", err)
	}
	return stuck
}

// undoes checks that r is not returned while a request about it is in the air,
// what the error then says, and what is sent when it has landed.
func (w *world) undoes(s *flocker.Store, r volumes.Record, stuck *flockertest.Injected, says string, asked ...string) {
	w.t.Helper()
	err := s.Return(soon(w.t, 100*time.Millisecond), r)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), says) {
		w.t.Errorf("return while a request is in the air: %v, want %q", err, says)
	}
	if w.holder(r.Dataset) != node1 {
		w.t.Errorf("the lease went back before it was known what becomes of the request")
	}
	w.expect()
	stuck.Remove()
	giveBack(w.t, s, r)
	w.expect(asked...)
	if len(w.Leases()) != 0 {
		w.t.Errorf("leases %v", w.Leases())
	}
}

// TestOrderOutlivesItsCaller: an order to move that a KILL breaks off may be
// carried out late. The lease stays until that is known; then the dataset is put
// back, and nothing comes after that.
func TestOrderOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	for name, drop := range map[string]flockertest.Drop{"late": flockertest.NoDrop, "late, answer lost": flockertest.AfterApplied, "never": flockertest.BeforeApplied} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.make("webapp-data", node2)
			s, n, v := w.warm(node1), &notes{}, want("webapp-data")
			v.Dataset = id
			r, err := s.Lease(t.Context(), v, n.note)
			if err != nil {
				t.Fatal(err)
			}
			stuck := w.interrupted(flockertest.Fault{Method: "POST", Path: datasetPaths, Drop: drop}, func(ctx context.Context) error {
				r, err = s.Bring(ctx, r, n.note)
				return err
			})
			w.asked()
			asked := []string{"POST dataset", "POST dataset", "POST dataset", "DELETE lease"}
			if drop == flockertest.BeforeApplied {
				asked = []string{"POST dataset", "POST dataset", "DELETE lease"}
			}
			w.undoes(s, r, stuck, "its order to node "+node1+" is not answered and may still be carried out", asked...)
			if d, _ := w.Dataset(id); d.Primary != node2 {
				t.Errorf("it is at %s", d.Primary)
			}
		})
	}
}

// TestCreationOutlivesItsCaller: the lease stays until it is known whether the
// dataset was made.
func TestCreationOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, n := w.warm(node1), &notes{}
	r, err := s.Lease(t.Context(), want("webapp-data"), n.note)
	if err != nil {
		t.Fatal(err)
	}
	stuck := w.interrupted(flockertest.Fault{Method: "POST", Path: datasetsPath}, func(ctx context.Context) error {
		_, err := s.Bring(ctx, r, n.note)
		return err
	})
	w.asked()
	w.undoes(s, r, stuck, "its creation is not answered", "POST datasets", "DELETE lease")
	if len(w.Datasets()) != 1 {
		t.Errorf("datasets %v", w.Datasets())
	}
}

// TestReturnOutlivesItsCaller: the order back, and each way in which a lease is
// given back: what is carried out late must not hit the next one that has the dataset.
func TestReturnOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault     flockertest.Fault
		uncertain bool
		says      string
		asked     []string
	}{
		"put back": {
			flockertest.Fault{Method: "POST", Path: datasetPaths, Skip: 1},
			false, "its order back to node " + node2,
			[]string{"POST dataset", "POST dataset", "DELETE lease"},
		},
		"release": {flockertest.Fault{Method: "DELETE", Path: leasePaths}, false, "its return of the lease", []string{"DELETE lease"}},
		"expiry": {
			flockertest.Fault{Method: "POST", Path: leases},
			true, "its request for its lease",
			[]string{"POST leases 0", "POST leases 0", "GET leases"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.make("webapp-data", node2)
			s := w.warm(node1)
			r := hold(t, s, want("webapp-data"))
			if c.uncertain {
				r = read(r)
			}
			if name != "put back" {
				r.PreviousPrimary = ""
			}
			stuck := w.interrupted(c.fault, func(ctx context.Context) error { return s.Return(ctx, r) })
			w.asked()
			w.undoes(s, r, stuck, c.says, c.asked...)
			next := hold(t, s, want("webapp-data"))
			if !next.Certain || w.holder(r.Dataset) != node1 {
				t.Errorf("the next lease: %+v, %v", next, w.Leases())
			}
		})
	}
}
