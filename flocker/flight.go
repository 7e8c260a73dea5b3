package flocker

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// flight is a request that changes something and may not have been answered yet.
type flight struct {
	dataset      string
	what         string // for a person
	method, path string
	landed       chan struct{} // closed when err, and grant, are there
	err          error

	leases   bool // it is about the lease: a POST of one, or its DELETE
	lifetime time.Duration
	// ours says that "renewed" is no surprise: the lease it renews is ours.
	ours  bool
	grant Grant
}

// flights are those that the Store's callers no longer wait for, and those that
// they do.
type flights struct {
	mu  sync.Mutex
	all []*flight
}

// fly sends a request. When ctx ends first, the request is not broken off: the
// service may have read it already, and would carry it out later, perhaps after
// the request that undoes it. So it flies on, and Return waits for it. It ends
// by its answer or by the client's timeout.
func (s *Store) fly(ctx context.Context, f *flight, send func(context.Context) error) error {
	if ctx.Err() != nil {
		return s.unanswered(f, false, context.Cause(ctx))
	}
	flying := context.WithoutCancel(ctx)
	f.landed = make(chan struct{})
	s.flights.add(f)
	go func() {
		f.err = send(flying)
		close(f.landed)
	}()
	select {
	case <-f.landed:
		s.flights.remove(f)
		return f.err
	case <-ctx.Done():
		return s.unanswered(f, true, fmt.Errorf("not waited for: %w", context.Cause(ctx)))
	}
}

func (s *Store) unanswered(f *flight, sent bool, err error) error {
	return &Error{Method: f.method, Service: s.client.Service(), Path: f.path, Sent: sent, Err: err}
}

// acquire asks once for a lease, or gives it back with a lifetime of 0.
func (s *Store) acquire(ctx context.Context, dataset, node string, lifetime time.Duration, ours bool) (Grant, error) {
	f := &flight{
		dataset: dataset, what: "request for its lease", method: http.MethodPost, path: leasesPath,
		leases: true, lifetime: lifetime, ours: ours,
	}
	err := s.fly(ctx, f, func(ctx context.Context) (err error) {
		f.grant, err = s.client.AcquireLease(ctx, dataset, node, lifetime)
		return err
	})
	if err != nil {
		return Grant{}, err
	}
	return f.grant, nil
}

// change orders something of the dataset's configuration. It is sent again after
// a failure that may pass, as long as the lease is certain.
func (s *Store) change(ctx context.Context, r volumes.Record, what string, k call) (Dataset, error) {
	tries := s.client.tries()
	for {
		left, _ := certain(r)
		k.within = max(left, time.Nanosecond) // 0 would mean for ever
		var d Dataset
		err := s.fly(ctx, &flight{dataset: r.Dataset, what: what, method: k.method, path: k.path}, func(ctx context.Context) error {
			_, err := s.client.once(ctx, k, &d)
			return err
		})
		if err == nil {
			return d, nil
		}
		if err := tries.next(ctx, err); err != nil {
			return Dataset{}, err
		}
	}
}

// land waits for what is still in the air for a dataset, and returns the last of
// it that was about the lease, or nil. When ctx ends first, the error names what
// is not known: a later call goes on waiting for it.
func (s *Store) land(ctx context.Context, dataset string) (last *flight, err error) {
	for f := s.flights.of(dataset); f != nil; f = s.flights.of(dataset) {
		select {
		case <-f.landed:
		case <-ctx.Done():
			return nil, s.unanswered(f, true, fmt.Errorf("its %s is not answered and may still be carried out: gave up waiting: %w", f.what, context.Cause(ctx)))
		}
		s.flights.remove(f)
		if f.leases {
			last = f
		}
	}
	return last, nil
}

// add forgets what has landed for the dataset and was not asked about: what
// comes later says more.
func (a *flights) add(f *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(slices.DeleteFunc(a.all, func(other *flight) bool { return other.dataset == f.dataset && other.over() }), f)
}

func (f *flight) over() bool {
	select {
	case <-f.landed:
		return true
	default:
		return false
	}
}

func (a *flights) remove(f *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = slices.DeleteFunc(a.all, func(other *flight) bool { return other == f })
}

// of returns the earliest flight of a dataset, or nil.
func (a *flights) of(dataset string) *flight {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.all {
		if f.dataset == dataset {
			return f
		}
	}
	return nil
}
