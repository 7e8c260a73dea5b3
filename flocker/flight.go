package flocker

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// flight is a request for a lease that may not have been answered yet.
type flight struct {
	dataset  string
	lifetime time.Duration
	// ours says that "renewed" is no surprise: the lease it renews is ours.
	ours   bool
	cancel context.CancelFunc
	landed chan struct{} // closed when grant and err are there
	grant  Grant
	err    error
}

// flights are those that the Store's callers no longer wait for, and those that
// they do.
type flights struct {
	mu  sync.Mutex
	all []*flight
}

// acquire asks for a lease. When ctx ends first, the request is not broken off:
// the service may have read it already, and would carry it out later, perhaps
// after the request that undoes it. So it flies on, and Return waits for it.
func (s *Store) acquire(ctx context.Context, dataset, node string, lifetime time.Duration, ours bool) (Grant, error) {
	flying, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{dataset: dataset, lifetime: lifetime, ours: ours, cancel: cancel, landed: make(chan struct{})}
	s.flights.add(f)
	go func() {
		defer cancel()
		f.grant, f.err = s.client.AcquireLease(flying, dataset, node, lifetime)
		close(f.landed)
	}()
	select {
	case <-f.landed:
		s.flights.remove(f)
		return f.grant, f.err
	case <-ctx.Done():
		return Grant{}, &Error{
			Method: http.MethodPost, Service: s.client.Service(), Path: leasesPath, Sent: true,
			Err: fmt.Errorf("not waited for: %w", context.Cause(ctx)),
		}
	}
}

// land waits for what is still in the air for a dataset, and returns the last of
// it, or nil. When ctx ends first it breaks them off, and says so.
func (s *Store) land(ctx context.Context, dataset string) (*flight, error) {
	var last *flight
	for f := s.flights.of(dataset); f != nil; f = s.flights.of(dataset) {
		select {
		case <-f.landed:
		case <-ctx.Done():
			f.cancel()
			<-f.landed
			return nil, fmt.Errorf("what became of an earlier request is not known: %w; gave up waiting: %w", f.err, context.Cause(ctx))
		}
		s.flights.remove(f)
		last = f
	}
	return last, nil
}

func (a *flights) add(f *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, f)
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
