package flocker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// TestRecoveryAfterTakeover: our lease ran out, node 2 has the dataset by now.
// What a dead process left is returned twice, and node 2 notices nothing.
func TestRecoveryAfterTakeover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.make("webapp-data", node2)
	dead := w.store(node1)
	r := hold(t, dead, want("webapp-data"))
	if r.PreviousPrimary != node2 {
		t.Fatalf("%+v", r)
	}
	w.ExpireLeases()
	hold(t, w.store(node2), want("webapp-data"))
	w.asked()
	moved := read(r)
	plain := moved
	plain.PreviousPrimary = ""
	late := r // the process lived on, but its lease is over
	late.LeaseSent -= int64(time.Hour)
	for _, left := range []volumes.Record{moved, plain, late} {
		for range 2 {
			giveBack(t, w.store(node1), left)
			if w.holder(id) != node2 {
				t.Fatalf("leases %v after %+v", w.Leases(), left)
			}
			if d, _ := w.Dataset(id); d.Primary != node2 {
				t.Errorf("moved to %s", d.Primary)
			}
		}
	}
	w.expect("POST leases", "POST leases", "POST leases 0", "POST leases 0", "POST leases", "POST leases")
}

// TestPutBack: an acquire that is undone leaves the dataset where it was, unless
// somebody else has decided meanwhile.
func TestPutBack(t *testing.T) {
	t.Parallel()
	const node3 = "33333333-3333-4333-8333-333333333333"
	tests := []struct {
		name    string
		change  func(*world, *volumes.Record)
		asked   []string
		primary string
	}{
		{"certain", func(*world, *volumes.Record) {}, []string{"POST dataset", "POST dataset", "DELETE lease"}, node2},
		{"from the journal", func(_ *world, r *volumes.Record) { *r = read(*r) }, []string{"POST leases", "POST dataset", "POST dataset", "DELETE lease"}, node2},
		{"ordered elsewhere", func(w *world, r *volumes.Record) { w.Move(r.Dataset, node3) }, []string{"POST dataset", "DELETE lease"}, node3},
		{"deleted", func(w *world, r *volumes.Record) {
			w.Create(flockertest.Dataset{ID: r.Dataset, Primary: node1, Deleted: true})
		}, []string{"POST dataset", "DELETE lease"}, node1},
		{"lost lease", func(w *world, r *volumes.Record) { *r = read(*r); w.SetLease(r.Dataset, node2, 0) }, []string{"POST leases"}, node1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			id := w.make("webapp-data", node2)
			s := w.warm(node1)
			r := hold(t, s, want("webapp-data"))
			test.change(w, &r)
			w.asked()
			giveBack(t, s, r)
			w.expect(test.asked...)
			if d, _ := w.Dataset(id); d.Primary != test.primary {
				t.Errorf("primary %s, want %s", d.Primary, test.primary)
			}
		})
	}
}

// TestPutBackInTime: when the service takes so long to put a dataset back that
// the lease may be over, nothing is sent any more: the dataset may be another
// node's by then.
func TestPutBackInTime(t *testing.T) {
	t.Parallel()
	const node3 = "33333333-3333-4333-8333-333333333333"
	w := newWorld(t)
	id := w.make("webapp-data", node3)
	s := w.warm(node1)
	r := hold(t, s, want("webapp-data"))
	// 7.5 s before its end a lease of a minute is not certain any more.
	r.LeaseSent = flocker.Boottime() - int64(51500*time.Millisecond)
	slow := w.Inject(flockertest.Fault{Method: "POST", Path: "/v1/configuration/datasets/*", Skip: 1, Times: -1, Answer: flockertest.Unavailable()})
	go func() {
		<-slow.Hit()
		w.SetLease(id, node2, 0)
		w.Move(id, node2)
		<-time.After(1500 * time.Millisecond)
		slow.Remove()
	}()
	if err := s.Return(soon(t, 5*time.Second), r); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v", err)
	}
	if d, _ := w.Dataset(id); d.Primary != node2 || w.holder(id) != node2 {
		t.Errorf("primary %s, held by %q", d.Primary, w.holder(id))
	}
}

// TestRemovedByHand: somebody took our lease away, and node 2 has it now. What
// the return removes by mistake it brings back.
func TestRemovedByHand(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{0, time.Hour} {
		w, s, r := holding(t)
		w.SetLease(r.Dataset, node2, lifetime)
		w.asked()
		giveBack(t, s, r)
		w.expect("DELETE lease", "POST leases")
		l, _ := w.Lease(r.Dataset)
		if l.Node != node2 {
			t.Errorf("leases %v", w.Leases())
		}
	}
}
