package storetest

import (
	"encoding/json"
	"errors"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// brought is a dataset of node 1 that node 0 has ordered to itself.
func (s *suite) brought() (id string, store volumes.Store, r volumes.Record, n *notes) {
	s.Helper()
	id = s.Make("data", 1)
	store, r, n = s.lease(0, "data")
	r, err := store.Bring(s.Context(), r, n.take)
	if err != nil {
		s.Fatalf("bring: %v", err)
	}
	return id, store, r, n
}

func move(s *suite) {
	id, store, r, n := s.brought()
	if s.Primary(id) != s.Node(0) || r.Primary != s.Node(0) || r.PreviousPrimary != s.Node(1) {
		s.Errorf("primary %s, record %+v", s.Primary(id), r)
	}
	if last := (*n)[len(*n)-1]; last.PreviousPrimary != s.Node(1) {
		s.Errorf("noted %+v", last)
	}
	if _, err := store.Bring(s.Context(), r, n.take); err != nil {
		s.Errorf("bring again: %v", err)
	}
	r.PreviousPrimary = ""
	s.returns(store, r)
	s.free(id)
	if s.Primary(id) != s.Node(0) {
		s.Error("it was put back")
	}
}

func moveIsPutBack(s *suite) {
	id, store, r, _ := s.brought()
	s.returns(store, r)
	s.free(id)
	if s.Primary(id) != s.Node(1) {
		s.Error("it was not put back")
	}
}

// A dataset that is here already costs no request.
func local(s *suite) {
	id := s.Make("data", 0)
	store, r, n := s.lease(0, "data")
	before, noted := s.Changes(), len(*n)
	if _, err := store.Bring(s.Context(), r, n.take); err != nil {
		s.Errorf("bring: %v", err)
	}
	if s.Changes() != before || len(*n) != noted || s.Primary(id) != s.Node(0) {
		s.Error("something was changed")
	}
	s.returns(store, r)
}

func create(s *suite) {
	store, r, n := s.lease(0, "new")
	if r.Exists || r.Dataset == "" || s.Primary(r.Dataset) != "" {
		s.Errorf("record %+v", r)
	}
	r, err := store.Bring(s.Context(), r, n.take)
	if err != nil {
		s.Fatalf("bring: %v", err)
	}
	if !r.Exists || s.Primary(r.Dataset) != s.Node(0) || r.PreviousPrimary != "" {
		s.Errorf("primary %s, record %+v", s.Primary(r.Dataset), r)
	}
	s.returns(store, r)
	s.free(r.Dataset)
	store, again, _ := s.lease(1, "new")
	if again.Dataset != r.Dataset || !again.Exists {
		s.Errorf("by its name it is %+v", again)
	}
	s.returns(store, again)
}

func createForbidden(s *suite) {
	w, n := want("new"), &notes{}
	w.Create = false
	r, err := s.Store(0).Lease(s.Context(), w, n.take)
	if !errors.Is(err, volumes.ErrRefused) {
		s.Errorf("lease: %v", err)
	}
	if r.Dataset != "" {
		s.free(r.Dataset)
	}
}

// journalled is the record as a later process reads it.
func (s *suite) journalled(r volumes.Record) (read volumes.Record) {
	s.Helper()
	data, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(data, &read)
	}
	if err != nil {
		s.Fatal(err)
	}
	return read
}

func returnByAnother(s *suite) {
	id, _, _, n := s.brought()
	r := s.journalled((*n)[len(*n)-1])
	s.returns(s.Store(0), r)
	s.free(id)
	if s.Primary(id) != s.Node(1) {
		s.Error("it was not put back")
	}
}

// What has another holder by now is none of our business any more.
func returnOfAnothers(s *suite) {
	id, store, r, n := s.brought()
	stale := s.journalled((*n)[len(*n)-1])
	r.PreviousPrimary = ""
	s.returns(store, r)
	other, theirs, _ := s.lease(1, "data")
	theirs, err := other.Bring(s.Context(), theirs, n.take)
	if err != nil {
		s.Fatal(err)
	}
	before := s.Primary(id)
	s.returns(s.Store(0), stale)
	s.held(id, 1)
	if s.Primary(id) != before {
		s.Error("the new holder's dataset was moved")
	}
	s.returns(other, theirs)
}
