package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

func leaseAndReturn(s *suite) {
	id := s.Make("data", 0)
	store, r, n := s.lease(0, "data")
	if r.Dataset != id || r.Name != "data" || r.Node != s.Node(0) || !r.Exists || r.Primary != s.Node(0) || !r.Certain || r.Free {
		s.Errorf("record %+v", r)
	}
	if until := time.Until(r.LeaseUntil); until < 50*time.Minute || until > 70*time.Minute {
		s.Errorf("it says to last %s, want an hour", until)
	}
	if who, ok := store.(volumes.Identifier); ok {
		node, service, err := who.Identity(s.Context())
		if err != nil || node != r.Node || service != r.Service {
			s.Errorf("identity %s of %s, %v; the record says %s of %s", node, service, err, r.Node, r.Service)
		}
	}
	if last := (*n)[len(*n)-1]; last.Dataset != id || last.Certain {
		s.Errorf("noted %+v", last)
	}
	s.held(id, 0)
	s.returns(store, r)
	s.free(id)
	r.Certain = false
	s.returns(store, r)
	s.free(id)
}

// Nothing is sent that could not be written down before.
func noteComesFirst(s *suite) {
	id := s.Make("data", 1)
	full := errors.New("no space left on device")
	before := s.Changes()
	if _, err := s.Store(0).Lease(s.Context(), want("data"), func(volumes.Record) error { return full }); !errors.Is(err, full) {
		s.Errorf("lease: %v", err)
	}
	s.free(id)
	if s.Changes() != before {
		s.Error("a request was sent")
	}
	store, r, _ := s.lease(0, "data")
	before = s.Changes()
	if _, err := store.Bring(s.Context(), r, func(volumes.Record) error { return full }); !errors.Is(err, full) {
		s.Errorf("bring: %v", err)
	}
	if s.Changes() != before || s.Primary(id) != s.Node(1) {
		s.Error("a request was sent")
	}
	s.returns(store, r)
}

// A lease of another node is waited for until the context ends.
func wait(s *suite) {
	id := s.Make("data", 1)
	other, theirs, _ := s.lease(1, "data")
	ctx, cancel := context.WithTimeout(s.Context(), 300*time.Millisecond)
	defer cancel()
	var said []string
	w, n := want("data"), &notes{}
	w.Report = func(state string) { said = append(said, state) }
	_, err := s.Store(0).Lease(ctx, w, n.take)
	if !errors.Is(err, volumes.ErrHeld) {
		s.Errorf("lease: %v", err)
	}
	if len(said) == 0 {
		s.Error("nobody was told what it waits for")
	}
	if len(*n) == 0 || !(*n)[len(*n)-1].Free {
		s.Errorf("the last note must say that nothing is held: %+v", *n)
	}
	s.held(id, 1)
	s.returns(other, theirs)
}

func waitIsOver(s *suite) {
	id := s.Make("data", 1)
	other, theirs, _ := s.lease(1, "data")
	w, given := want("data"), make(chan error, 1)
	told := make(chan struct{}, 100)
	w.Report = func(string) { told <- struct{}{} }
	go func() {
		<-told
		given <- other.Return(context.WithoutCancel(s.Context()), theirs)
	}()
	ctx, cancel := context.WithTimeout(s.Context(), limit)
	defer cancel()
	store, n := s.Store(0), &notes{}
	r, err := store.Lease(ctx, w, n.take)
	if err = errors.Join(err, <-given); err != nil {
		s.Fatal(err)
	}
	s.held(id, 0)
	s.returns(store, r)
}

// A renewal does not wait, and finds out when the lease is another's.
func renew(s *suite) {
	id := s.Make("data", 0)
	store, r, _ := s.lease(0, "data")
	w, n := want("data"), &notes{}
	w.Renew = &r
	renewed, err := store.Lease(s.Context(), w, n.take)
	if err != nil || renewed.Dataset != id || !renewed.Certain || len(*n) == 0 {
		s.Errorf("renewal: %+v, %v, noted %+v", renewed, err, *n)
	}
	s.held(id, 0)
	s.returns(store, renewed)
	other, theirs, _ := s.lease(1, "data")
	if _, err := store.Lease(s.Context(), w, n.take); !errors.Is(err, volumes.ErrHeld) {
		s.Errorf("renewal of another's lease: %v", err)
	}
	s.held(id, 1)
	s.returns(other, theirs)
}

// Something else on this node uses the dataset; it keeps its lease.
func leaseOfSomebodyElse(s *suite) {
	id := s.Make("data", 0)
	outside, theirs, _ := s.lease(0, "data")
	ctx, cancel := context.WithTimeout(s.Context(), 300*time.Millisecond)
	defer cancel()
	n := &notes{}
	if _, err := s.Store(0).Lease(ctx, want("data"), n.take); !errors.Is(err, volumes.ErrHeld) {
		s.Errorf("lease: %v", err)
	}
	if !(*n)[len(*n)-1].Free {
		s.Errorf("the last note must say that nothing is held: %+v", *n)
	}
	s.returns(s.Store(0), (*n)[len(*n)-1])
	s.held(id, 0)
	s.returns(outside, theirs)
}
