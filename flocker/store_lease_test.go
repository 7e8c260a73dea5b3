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
	w, s, r := holding(t)
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
