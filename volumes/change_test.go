package volumes_test

import (
	"context"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// changing finds out late that a name means another dataset than it thought.
type changing struct {
	store
	first string
}

func (s changing) Lease(ctx context.Context, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	if want.Renew == nil {
		r := volumes.Record{Name: want.Name, Dataset: s.first, Node: s.node, Service: service}
		if err := note(r); err != nil {
			return r, err
		}
	}
	return s.store.Lease(ctx, want, note)
}

func TestStoreChangesItsMind(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	o := w.options("task-1", nil)
	o.Store = changing{store: store{cluster: w.cluster, node: here}, first: idA}
	h := w.hold(o, vol("data"))
	if files := w.journal(); len(files) != 1 || !strings.Contains(files[0], id) {
		t.Errorf("the journal has %q, want only %s", files, id)
	}
	j, err := journal.Open(w.path("state"))
	must(t, err)
	for dataset, free := range map[string]bool{idA: true, id: false} {
		lock, err := j.TryLock(dataset, journal.Owner{})
		if free != (err == nil) {
			t.Errorf("lock of %s: %v", dataset, err)
		}
		if err == nil {
			must(t, lock.Close())
		}
	}
	must(t, h.Release(t.Context()))
	w.clean()
}
