package flocker_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

const (
	era1 = "eeeeeeee-1111-4111-8111-eeeeeeeeeeee"
	era2 = "eeeeeeee-2222-4222-8222-eeeeeeeeeeee"
)

// world is a cluster of two nodes with a Store for each.
type world struct {
	*flockertest.Service
	t      *testing.T
	seen   int
	caches map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, caches: map[string]string{}, Service: &flockertest.Service{Nodes: []flockertest.Node{
		{UUID: node1, Host: "127.0.0.1", Era: era1}, {UUID: node2, Host: "127.0.0.2", Era: era2},
	}}}
	t.Cleanup(w.Close)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// store makes a Store of a new process on a node; what it caches is there for
// the next one.
func (w *world) store(node string, change ...func(*flocker.StoreOptions)) *flocker.Store {
	w.t.Helper()
	if w.caches[node] == "" {
		w.caches[node] = w.t.TempDir()
	}
	o := flocker.StoreOptions{
		Client: newClient(w.t, flocker.Options{URL: w.URL()}), CacheDir: w.caches[node],
		BootID: map[string]string{node1: era1, node2: era2}[node],
	}
	for _, c := range change {
		c(&o)
	}
	return flocker.NewStore(o)
}

// warm is a store whose node is known already.
func (w *world) warm(node string) *flocker.Store {
	w.t.Helper()
	s := w.store(node)
	if _, _, err := s.Identity(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.asked()
	return s
}

// holding is a world whose node 1 has a lease of webapp-data.
func holding(t *testing.T) (*world, *flocker.Store, volumes.Record) {
	t.Helper()
	w := newWorld(t)
	s := w.warm(node1)
	return w, s, hold(t, s, want("webapp-data"))
}

// asked returns the requests since it was last called, such as "POST leases 0".
func (w *world) asked() []string {
	all := w.Entries()
	var asked []string
	for _, e := range all[w.seen:] {
		path := strings.TrimPrefix(e.PlainPath(), "/v1/")
		path = strings.TrimPrefix(path, "configuration/")
		if resource, _, one := strings.Cut(path, "/"); one && resource != "state" {
			path = strings.TrimSuffix(resource, "s")
		}
		words := e.Method + " " + path
		if strings.Contains(e.Body, `"expires":0}`) {
			words += " 0"
		}
		asked = append(asked, words)
	}
	w.seen = len(all)
	return asked
}

func (w *world) expect(want ...string) {
	w.t.Helper()
	if got := w.asked(); !slices.Equal(got, want) {
		w.t.Errorf("requests %q, want %q", got, want)
	}
}

// holder returns the node that has the lease, or "".
func (w *world) holder(dataset string) string {
	l, _ := w.Lease(dataset)
	return l.Node
}

func (w *world) make(name, node string) string {
	return w.Create(flockertest.Dataset{Primary: node, Metadata: map[string]string{"name": name}})[0]
}

// crowd adds datasets that have nothing to do with the test.
func (w *world) crowd(n int) {
	all := make([]flockertest.Dataset, n)
	for i := range all {
		all[i] = flockertest.Dataset{ID: fmt.Sprintf("cccccccc-0001-4000-8000-%012d", i), Primary: node2, Metadata: map[string]string{"name": fmt.Sprint("other-", i)}}
	}
	w.Create(all...)
}

// notes keeps what a Store notes, as a journal would.
type notes struct {
	mu  sync.Mutex
	all []volumes.Record
}

func (n *notes) note(r volumes.Record) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	r.Certain = false // what a file does to it
	r.Metadata = maps.Clone(r.Metadata)
	n.all = append(n.all, r)
	return nil
}

func (n *notes) last() volumes.Record {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[len(n.all)-1]
}

func (n *notes) datasets() []string {
	var ids []string
	for _, r := range n.all {
		ids = append(ids, r.Dataset)
	}
	return slices.Compact(ids)
}

func want(name string) volumes.Want {
	return volumes.Want{Name: name, Size: 64 << 20, Create: true, Lease: time.Minute}
}

// hold is Lease and Bring.
func hold(t *testing.T, s *flocker.Store, v volumes.Want) volumes.Record {
	t.Helper()
	n := &notes{}
	r, err := s.Lease(t.Context(), v, n.note)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = s.Bring(t.Context(), r, n.note); err != nil {
		t.Fatal(err)
	}
	if !r.Certain {
		t.Errorf("%+v is not certain", r)
	}
	return r
}

func giveBack(t *testing.T, s *flocker.Store, r volumes.Record) {
	t.Helper()
	if err := s.Return(t.Context(), r); err != nil {
		t.Error(err)
	}
}

func soon(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// untilHit ends when the fault has met a request: nobody waits for it any more.
func untilHit(t *testing.T, f *flockertest.Injected) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-f.Hit()
		cancel()
	}()
	return ctx
}
