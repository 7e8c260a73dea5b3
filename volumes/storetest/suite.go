package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Cluster is a storage system with two nodes, 0 and 1, and nothing in it.
type Cluster interface {
	// Store is that of a process which has just started on the node.
	Store(node int) volumes.Store
	// Node is the node's name in records.
	Node(node int) string
	// Make makes a dataset on the node and returns its id.
	Make(name string, node int) (dataset string)
	// Primary is the name of the node that the dataset is ordered to, "" when
	// there is no such dataset.
	Primary(dataset string) string
	// Holder is the name of the node that has the dataset's lease, or "".
	Holder(dataset string) string
	// Changes counts the requests that have changed something, or tried to.
	Changes() int
}

// Run runs the suite. start makes a cluster for one test and registers its end.
func Run(t *testing.T, start func(t *testing.T) Cluster) {
	for name, test := range map[string]func(*suite){
		"LeaseAndReturn":      leaseAndReturn,
		"NoteComesFirst":      noteComesFirst,
		"Wait":                wait,
		"WaitIsOver":          waitIsOver,
		"Renew":               renew,
		"Move":                move,
		"MoveIsPutBack":       moveIsPutBack,
		"Local":               local,
		"Create":              create,
		"CreateForbidden":     createForbidden,
		"LeaseOfSomebodyElse": leaseOfSomebodyElse,
		"ReturnByAnother":     returnByAnother,
		"ReturnOfAnothers":    returnOfAnothers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(&suite{T: t, Cluster: start(t)})
		})
	}
}

type suite struct {
	*testing.T
	Cluster
}

// limit is longer than any test may take.
const limit = 20 * time.Second

func want(name string) volumes.Want {
	return volumes.Want{Name: name, Create: true, Size: 64 << 20, Lease: time.Hour, Report: func(string) {}}
}

// notes collects what a Store notes.
type notes []volumes.Record

func (n *notes) take(r volumes.Record) error {
	*n = append(*n, r)
	return nil
}

// lease is Lease on a node, which must succeed.
func (s *suite) lease(node int, name string) (volumes.Store, volumes.Record, *notes) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), limit)
	defer cancel()
	store, n := s.Store(node), &notes{}
	r, err := store.Lease(ctx, want(name), n.take)
	if err != nil {
		s.Fatalf("lease: %v", err)
	}
	return store, r, n
}

func (s *suite) returns(store volumes.Store, r volumes.Record) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), limit)
	defer cancel()
	if err := store.Return(ctx, r); err != nil {
		s.Errorf("return: %v", err)
	}
}

func (s *suite) held(dataset string, node int) {
	s.Helper()
	if holder := s.Holder(dataset); holder != s.Node(node) {
		s.Errorf("the lease of %s is held by %q, want node %d", dataset, holder, node)
	}
}

func (s *suite) free(dataset string) {
	s.Helper()
	if holder := s.Holder(dataset); holder != "" {
		s.Errorf("the lease of %s is held by %q, want nobody", dataset, holder)
	}
}
