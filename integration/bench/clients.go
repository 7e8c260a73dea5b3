package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"os"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Names of the clients compared.
const (
	ours       = "this executor"
	plugin     = "Docker plugin (polls every 1 s)"
	kubernetes = "Kubernetes (polls every 5 s)"
)

// client acquires the dataset called name for a node and returns when it knows
// that the dataset is there.
type client struct {
	name    string
	acquire func(ctx context.Context, c *flocker.Client, s *flockertest.Service, node flockertest.Node, name string) error
}

// clients are those compared; the others ask as often as the real ones do.
func clients() []client {
	return []client{
		{ours, acquireOurs},
		{plugin, polling(time.Second, true)},
		{kubernetes, polling(5*time.Second, false)},
	}
}

// acquireOurs is what the executor does, with the wait for the mount replaced by
// the service's own knowledge of it: there is no mount table to watch here. The
// node's id has been looked up before, which happens once per boot.
func acquireOurs(ctx context.Context, c *flocker.Client, s *flockertest.Service, node flockertest.Node, name string) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := lookUpNode(ctx, s, node, dir); err != nil {
		return err
	}
	store := flocker.NewStore(flocker.StoreOptions{Client: c, BootID: node.Era, CacheDir: dir})
	note := func(volumes.Record) error { return nil }
	r, err := store.Lease(ctx, volumes.Want{Name: name, Create: true, Size: 64 << 20, Lease: time.Minute}, note)
	if err != nil {
		return err
	}
	if r, err = store.Bring(ctx, r, note); err != nil {
		return err
	}
	_, err = s.WaitMounted(ctx, r.Dataset, node.UUID)
	return err
}

// lookUpNode fills the cache with a client that nobody counts.
func lookUpNode(ctx context.Context, s *flockertest.Service, node flockertest.Node, cache string) error {
	c, err := flocker.NewClient(flocker.Options{URL: s.URL()})
	if err != nil {
		return err
	}
	defer c.Close()
	_, _, err = flocker.NewStore(flocker.StoreOptions{Client: c, BootID: node.Era, CacheDir: cache}).Identity(ctx)
	return err
}

// polling is the way of Flocker's Docker plugin and of Kubernetes' flocker-go:
// list, order (always, or only if it is elsewhere), then ask for the state again
// and again. Neither takes a lease.
func polling(every time.Duration, always bool) func(context.Context, *flocker.Client, *flockertest.Service, flockertest.Node, string) error {
	return func(ctx context.Context, c *flocker.Client, _ *flockertest.Service, node flockertest.Node, name string) error {
		all, _, err := c.Datasets(ctx)
		if err != nil {
			return err
		}
		d, found := named(all, name)
		switch {
		case !found:
			d, err = c.CreateDataset(ctx, flocker.NewDataset{Primary: node.UUID, Size: 64 << 20, Metadata: map[string]string{"name": name}})
		case always || d.Primary != node.UUID:
			d, err = c.SetPrimary(ctx, d.ID, node.UUID)
		}
		if err != nil {
			return err
		}
		return poll(ctx, c, d.ID, node.UUID, every)
	}
}

func poll(ctx context.Context, c *flocker.Client, id, node string, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		states, err := c.DatasetStates(ctx)
		if err != nil {
			return err
		}
		for _, s := range states {
			if s.ID == id && s.Primary == node && s.Path != "" {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(errors.New("poll for the mount"), ctx.Err())
		}
	}
}

func named(all []flocker.Dataset, name string) (flocker.Dataset, bool) {
	for _, d := range all {
		if !d.Deleted && d.Named(name) {
			return d, true
		}
	}
	return flocker.Dataset{}, false
}

// result of one acquire.
type result struct {
	count int
	bytes int
	took  time.Duration
}

// acquire has a client acquire a dataset that is local, elsewhere, or new.
func acquire(ctx context.Context, cl client, kind string, existing int) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	s, nodes, err := service(existing)
	if err != nil {
		return result{}, err
	}
	defer s.Close()
	const name = "measured"
	at := map[string]flockertest.Node{"local": nodes[0], "moved": nodes[1]}
	if n, ok := at[kind]; ok {
		d := flockertest.Dataset{ID: flocker.ComputedID(name, 0), Primary: n.UUID, MaximumSize: 64 << 20, Metadata: map[string]string{"name": name}}
		s.Create(d)
		if _, err := s.WaitMounted(ctx, d.ID, n.UUID); err != nil {
			return result{}, err
		}
	}
	counter := &counting{}
	c, err := flocker.NewClient(flocker.Options{URL: s.URL(), Transport: counter.wrap})
	if err != nil {
		return result{}, err
	}
	defer c.Close()
	began := time.Now()
	err = cl.acquire(ctx, c, s, nodes[0], name)
	return result{counter.count, counter.bytes, time.Since(began)}, err
}

// counting counts what passes; one acquire makes one request at a time.
type counting struct {
	next         http.RoundTripper
	count, bytes int
}

func (c *counting) wrap(next http.RoundTripper) http.RoundTripper {
	c.next = next
	return c
}

func (c *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	c.count++
	resp, err := c.next.RoundTrip(req)
	if err == nil {
		if dump, e := httputil.DumpResponse(resp, true); e == nil {
			c.bytes += len(dump)
		}
	}
	return resp, err
}
