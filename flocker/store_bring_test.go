package flocker_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// TestBringWithoutLease: when the lease ran out while other volumes were waited
// for, and another node has the dataset, it is not ordered away.
func TestBringWithoutLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.make("webapp-data", node2)
	s, n := w.warm(node1), &notes{}
	r, err := s.Lease(t.Context(), want("webapp-data"), n.note)
	if err != nil {
		t.Fatal(err)
	}
	r.LeaseSent -= int64(time.Hour)
	w.SetLease(id, node2, time.Hour)
	if _, err := s.Bring(t.Context(), r, n.note); !errors.Is(err, volumes.ErrHeld) {
		t.Errorf("%v", err)
	}
	if d, _ := w.Dataset(id); d.Primary != node2 {
		t.Errorf("moved to %s", d.Primary)
	}
	w.RemoveLease(id)
	if r, err = s.Bring(t.Context(), r, n.note); err != nil || !r.Certain || r.Primary != node1 {
		t.Errorf("%v, %+v", err, r)
	}
}

// TestThousandAtOnce: nobody is refused and nobody lists.
func TestThousandAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 1000
	for i := range n {
		name := fmt.Sprint("volume-", i)
		w.Create(flockertest.Dataset{ID: flocker.ComputedID(name, 0), Primary: node1, Metadata: map[string]string{"name": name}})
	}
	s := w.warm(node1)
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		wg.Go(func() {
			_, err := s.Lease(t.Context(), want(fmt.Sprint("volume-", i)), (&notes{}).note)
			errs <- err
		})
	}
	wg.Wait()
	for range n {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	asked := w.asked()
	if len(asked) != 2*n || len(w.Leases()) != n {
		t.Errorf("%d requests, %d leases", len(asked), len(w.Leases()))
	}
	for _, a := range asked {
		if strings.HasPrefix(a, "GET") {
			t.Errorf("%s", a)
		}
	}
}

// TestBringKeepsItsLease: an order that is repeated for long is sent only while
// the lease is certain.
func TestBringKeepsItsLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, n, v := w.warm(node1), &notes{}, want("webapp-data")
	v.Dataset, v.Lease = w.make("webapp-data", node2), 2*time.Second
	r, err := s.Lease(t.Context(), v, n.note)
	if err != nil {
		t.Fatal(err)
	}
	slow := w.Inject(flockertest.Fault{Method: "POST", Path: "/v1/configuration/datasets/*", Times: -1, Answer: flockertest.Unavailable()})
	brought := make(chan error, 1)
	go func() {
		_, err := s.Bring(t.Context(), r, n.note)
		brought <- err
	}()
	leased := 0
	if _, err := w.WaitEntry(soon(t, 10*time.Second), func(e flockertest.Entry) bool {
		if e.Method == "POST" && e.PlainPath() == leases {
			leased++
		}
		return leased == 2
	}); err != nil {
		t.Error(err)
	}
	slow.Remove()
	if err := <-brought; err != nil {
		t.Error(err)
	}
}
