package flocker_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// TestRequests counts what an acquire costs, however many datasets there are.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, others := range []int{10, 1000} {
		t.Run(fmt.Sprint(others), func(t *testing.T) {
			w := newWorld(t)
			w.crowd(others)
			s1, s2 := w.warm(node1), w.warm(node2)

			r := hold(t, s1, want("webapp-data"))
			w.expect("POST leases", "POST dataset", "GET datasets", "POST datasets")
			giveBack(t, s1, r)
			w.expect("DELETE lease")

			giveBack(t, s1, hold(t, s1, want("webapp-data")))
			w.expect("POST leases", "POST dataset", "DELETE lease")

			r = hold(t, s2, want("webapp-data"))
			w.expect("POST leases", "POST dataset", "POST dataset")
			if d, _ := w.Dataset(r.Dataset); d.Primary != node2 || r.PreviousPrimary != node1 || !r.Exists {
				t.Errorf("%+v, %+v", d, r)
			}
			if w.holder(r.Dataset) != node2 {
				t.Error("no lease")
			}
		})
	}
}

func TestCreatedDataset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := want("webapp-data")
	v.Metadata = map[string]string{"clusterhq:flocker:profile": "gold"}
	r := hold(t, w.store(node1), v)
	d, _ := w.Dataset("0679b296-1fb9-4edc-956d-53dfb1e35000")
	if diff := cmp.Diff(map[string]string{"name": "webapp-data", "maximum_size": "67108864", "clusterhq:flocker:profile": "gold"}, d.Metadata); diff != "" {
		t.Error(diff)
	}
	if d.Primary != node1 || r.Primary != node1 || r.Dataset != d.ID || r.Node != node1 || r.Era != era1 || "http://"+r.Service != w.URL() {
		t.Errorf("%+v, %+v", d, r)
	}
}

// TestDatasetOfAnotherTool is used, not twinned. The lease on the computed id,
// which turns out not to be it, is returned before the other is noted.
func TestDatasetOfAnotherTool(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"name", "FLOCKER_ID"} {
		w := newWorld(t)
		w.crowd(3)
		deleted := flockertest.Dataset{Primary: node1, Deleted: true, Metadata: map[string]string{key: "theirs"}}
		theirs := flockertest.Dataset{Primary: node2, Metadata: map[string]string{key: "theirs"}}
		id := w.Create(deleted, theirs)[1]
		s, computed := w.warm(node1), flocker.ComputedID("theirs", 0)
		n := &notes{}
		r, err := s.Lease(t.Context(), want("theirs"), func(r volumes.Record) error {
			if r.Dataset == id && w.holder(computed) != "" {
				t.Error("noted while the first is leased")
			}
			return n.note(r)
		})
		if err != nil || r.Dataset != id || r.Primary != node2 || !r.Exists {
			t.Fatalf("%v, %+v", err, r)
		}
		if got := n.datasets(); !slices.Equal(got, []string{computed, id}) {
			t.Errorf("noted %v", got)
		}
		w.expect("POST leases", "POST dataset", "GET datasets", "DELETE lease", "POST leases", "POST dataset")
		giveBack(t, s, r)
		if w.asked(); len(w.Leases()) != 0 {
			t.Errorf("leases left: %v", w.Leases())
		}
		// The id is remembered, also for the next process.
		r = hold(t, w.store(node1), want("theirs"))
		w.expect("POST leases", "POST dataset", "POST dataset")
		giveBack(t, s, r)
		if all := w.Datasets(); len(all) != 5 {
			t.Errorf("%d datasets", len(all))
		}
	}
}

func TestDeletedNameIsUsedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	computed := flocker.ComputedID("again", 0)
	w.Create(flockertest.Dataset{ID: computed, Primary: node1, Deleted: true, Metadata: map[string]string{"name": "again"}})
	s := w.warm(node1)
	r := hold(t, s, want("again"))
	w.expect("POST leases", "POST dataset", "GET datasets", "DELETE lease", "POST leases", "POST dataset", "POST datasets")
	if d, ok := w.Dataset(flocker.ComputedID("again", 1)); !ok || r.Dataset != d.ID || d.Deleted {
		t.Errorf("%+v, %+v", r, d)
	}
	if w.holder(computed) != "" || w.holder(r.Dataset) != node1 {
		t.Errorf("leases %v", w.Leases())
	}
	giveBack(t, s, r)
	w.asked()
	giveBack(t, s, hold(t, s, want("again")))
	w.expect("POST leases", "POST dataset", "DELETE lease")
	// Another node finds it as well, and the hint does not outlive the dataset.
	r = hold(t, w.warm(node2), want("again"))
	giveBack(t, w.store(node2), r)
	w.Create(flockertest.Dataset{ID: r.Dataset, Primary: node1, Deleted: true})
	if third := hold(t, s, want("again")); third.Dataset != flocker.ComputedID("again", 2) {
		t.Errorf("%+v", third)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	type change = func(*volumes.Want)
	w := newWorld(t)
	twin1, twin2 := w.make("twins", node1), w.make("twins", node2)
	named, deleted := w.make("named", node1), w.Create(flockertest.Dataset{Primary: node1, Deleted: true})[0]
	tests := []struct {
		name   string
		volume string
		change change
		words  []string
	}{
		{"two live ones", "twins", nil, []string{twin1, twin2, "dataset="}},
		{"none to create", "absent", func(v *volumes.Want) { v.Create = false }, []string{"create=false", "absent"}},
		{"id of another name", "unnamed", func(v *volumes.Want) { v.Dataset = named }, []string{named, `"named"`}},
		{"id that is not", "any", func(v *volumes.Want) { v.Dataset = ds }, []string{ds, "Dataset not found."}},
		{"id of a deleted one", "any", func(v *volumes.Want) { v.Dataset = deleted }, []string{deleted, "deleted"}},
		{"id that is none", "any", func(v *volumes.Want) { v.Dataset = "x" }, []string{`"x"`, "not a UUID"}},
		{"no lifetime", "any", func(v *volumes.Want) { v.Lease = 0 }, []string{"a lease of 0s"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, n, s := want(test.volume), &notes{}, w.store(node1)
			if test.change != nil {
				test.change(&v)
			}
			_, err := s.Lease(t.Context(), v, n.note)
			if !errors.Is(err, volumes.ErrRefused) {
				t.Fatalf("%v", err)
			}
			for _, word := range append(test.words, test.volume) {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%v; want %q in it", err, word)
				}
			}
			if len(w.Leases()) != 0 {
				t.Errorf("leases left: %v", w.Leases())
			}
			w.asked()
			if len(n.all) > 0 {
				giveBack(t, s, n.last())
			}
			w.expect()
		})
	}
}

func TestExplicitID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := want("named")
	for _, metadata := range []map[string]string{{"name": "named"}, {"FLOCKER_ID": "named"}, {"owner": "x"}} {
		v.Dataset = strings.ToUpper(w.Create(flockertest.Dataset{Primary: node1, Metadata: metadata})[0])
		s := w.warm(node1)
		r := hold(t, s, v)
		w.expect("POST leases", "POST dataset")
		if r.Dataset != strings.ToLower(v.Dataset) {
			t.Errorf("%+v", r)
		}
	}
}

// TestRaceForANewName: the lease on the computed id decides who creates it.
func TestRaceForANewName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type result struct {
		r   volumes.Record
		err error
	}
	results := make(chan result)
	for _, node := range []string{node1, node2} {
		s := w.warm(node)
		go func() {
			n := &notes{}
			r, err := s.Lease(t.Context(), want("new"), n.note)
			if err == nil {
				r, err = s.Bring(t.Context(), r, n.note)
			}
			if err == nil {
				err = s.Return(t.Context(), r)
			}
			results <- result{r, err}
		}()
	}
	for range 2 {
		if got := <-results; got.err != nil || got.r.Dataset != flocker.ComputedID("new", 0) {
			t.Errorf("%+v", got)
		}
	}
	if all := w.Datasets(); len(all) != 1 || len(w.Leases()) != 0 {
		t.Errorf("%v, %v", all, w.Leases())
	}
}
