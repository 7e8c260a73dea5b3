package flocker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// read is what another process reads of a record.
func read(r volumes.Record) volumes.Record {
	r.Certain = false
	return r
}

const leases, leasePaths = "/v1/configuration/leases", "/v1/configuration/leases/*"

// TestDeleteAppliedAnswerLostOtherNodeLeases: the lease that node 2 took after
// ours was removed stays.
func TestDeleteAppliedAnswerLostOtherNodeLeases(t *testing.T) {
	t.Parallel()
	w, s, r := holding(t)
	w.asked()
	w.Inject(flockertest.Fault{Method: "DELETE", Path: leasePaths, Drop: flockertest.AfterApplied})
	taken := make(chan struct{})
	second := w.Inject(flockertest.Fault{Path: "/v1/configuration/leases*", Skip: 0, Method: "POST", Until: taken})
	go func() {
		<-second.Hit()
		w.SetLease(r.Dataset, node2, time.Minute)
		close(taken)
	}()
	giveBack(t, s, r)
	w.expect("DELETE lease", "POST leases 0")
	if w.holder(r.Dataset) != node2 {
		t.Errorf("leases %v", w.Leases())
	}
}

// TestDeleteAnswerLost: with nobody else about, the lease is gone afterwards,
// and the next one on this node is new.
func TestDeleteAnswerLost(t *testing.T) {
	t.Parallel()
	for _, drop := range []flockertest.Drop{flockertest.AfterApplied, flockertest.BeforeApplied} {
		w, s, r := holding(t)
		w.asked()
		w.Inject(flockertest.Fault{Method: "DELETE", Path: leasePaths, Drop: drop})
		giveBack(t, s, r)
		w.expect("DELETE lease", "POST leases 0", "GET leases")
		if len(w.Leases()) != 0 {
			t.Errorf("leases %v", w.Leases())
		}
		hold(t, s, want("webapp-data"))
	}
}

func TestReturn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*world, *volumes.Record)
		asked  []string
		holder string
	}{
		{"certain", nil, []string{"DELETE lease"}, ""},
		{"removed by hand", func(w *world, r *volumes.Record) { w.RemoveLease(r.Dataset) }, []string{"DELETE lease"}, ""},
		{"read from the journal", func(_ *world, r *volumes.Record) { *r = read(*r) }, []string{"POST leases 0", "GET leases"}, ""},
		{"nearly over", func(_ *world, r *volumes.Record) { r.LeaseSent -= int64(53 * time.Second) }, []string{"POST leases 0", "GET leases"}, ""},
		{"never taken", func(w *world, r *volumes.Record) { *r = read(*r); w.RemoveLease(r.Dataset) }, []string{"POST leases 0", "GET leases"}, ""},
		{"another's by now", func(w *world, r *volumes.Record) { *r = read(*r); w.SetLease(r.Dataset, node2, time.Hour) }, []string{"POST leases 0"}, node2},
		{"free", func(w *world, r *volumes.Record) { r.Free = true }, nil, node1},
		{"nothing", func(_ *world, r *volumes.Record) { *r = volumes.Record{} }, nil, node1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, s, r := holding(t)
			id := r.Dataset
			if test.change != nil {
				test.change(w, &r)
			}
			w.asked()
			giveBack(t, s, r)
			w.expect(test.asked...)
			if got := w.holder(id); got != test.holder {
				t.Errorf("held by %q, want %q", got, test.holder)
			}
		})
	}
}

// TestReturnFails: what cannot be returned is said, and can be tried again.
func TestReturnFails(t *testing.T) {
	t.Parallel()
	w, s, r := holding(t)
	w.Down()
	err := s.Return(soon(t, time.Second), r)
	var e *flocker.Error
	if !errors.As(err, &e) || w.holder(r.Dataset) != node1 {
		t.Errorf("%v, %v", err, w.Leases())
	}
	if err := w.Up(0); err != nil {
		t.Fatal(err)
	}
	giveBack(t, s, r)
	if len(w.Leases()) != 0 {
		t.Errorf("%v", w.Leases())
	}
}

// TestRenewalOfUnknownOutcome: whose the lease is, is not certain after it.
func TestRenewalOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	w, s, r := holding(t)
	w.asked()
	answer := make(chan struct{})
	slow := w.Inject(flockertest.Fault{Method: "POST", Path: leases, Until: answer, Answer: flockertest.ServerError()})
	v := want("webapp-data")
	v.Renew = &r
	if _, err := s.Lease(untilHit(t, slow), v, (&notes{}).note); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(answer)
	giveBack(t, s, r)
	w.expect("POST leases", "POST leases 0", "GET leases")
}
