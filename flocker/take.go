package flocker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// errOutside explains a lease that was renewed although it was to be new.
var errOutside = fmt.Errorf("%w: this node has a lease of it already that no executor here has taken: something else on this node uses the dataset, "+
	"or a lease was left behind, which expires by itself unless it is renewed", volumes.ErrHeld)

// take leases r.Dataset for this node and waits while another node holds it.
//
// A lease is asked for again when it is not known what became of the first
// request. It may then be answered with 200, "renewed": it is the first one's.
func (s *Store) take(ctx context.Context, r volumes.Record, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	r = asked(r, Boottime(), want.Lease)
	if err := note(r); err != nil {
		return r, err
	}
	tries, held := s.client.tries(), s.waiter(r, want.Report)
	perhaps := false // an earlier request may have been carried out
	for {
		g, err := s.acquire(ctx, r.Dataset, r.Node, want.Lease, perhaps)
		switch {
		case err == nil && !g.New && !perhaps:
			r, err = s.letOutsiderGo(ctx, r, held, note)
		case err == nil:
			return granted(r, g, want.Lease), nil
		case IsConflict(err):
			tries = s.client.tries()
			err = held.wait(ctx)
		default:
			perhaps = perhaps || MayBeApplied(err)
			err = tries.next(ctx, err)
		}
		if err == nil {
			continue
		}
		if held.last != "" && !errors.Is(err, volumes.ErrHeld) {
			err = fmt.Errorf("%w; before that it was %s", err, held.last)
		}
		if !perhaps {
			r = s.free(r, note)
		}
		return r, err
	}
}

// letOutsiderGo waits until a lease that something else on this node has is no more.
// Until then nothing is held, and the record says so: its undo would take that
// lease away.
func (s *Store) letOutsiderGo(ctx context.Context, r volumes.Record, held *waiter, note volumes.Note) (volumes.Record, error) {
	r = s.free(r, note)
	if err := held.outside(ctx, r.Node); err != nil {
		return r, err
	}
	again := asked(r, Boottime(), r.LeaseFor)
	again.Free = false
	if err := note(again); err != nil {
		return r, err
	}
	return again, nil
}

// renew prolongs a lease and does not wait for one that another node holds.
func (s *Store) renew(ctx context.Context, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	r := *want.Renew
	if err := note(asked(r, Boottime(), want.Lease)); err != nil {
		return r, err
	}
	g, ours, err := s.insist(ctx, r, want.Lease)
	switch {
	case err != nil:
		return r, err
	case !ours:
		return r, s.waiter(r, nil).heldBy(ctx)
	}
	s.hadGone(r, g)
	return granted(r, g, want.Lease), nil
}

// insist asks for a lease that may be ours already, until it is known whose it
// is. ours is false when another node has it. A lifetime of 0 gives it back.
func (s *Store) insist(ctx context.Context, r volumes.Record, lifetime time.Duration) (g Grant, ours bool, err error) {
	tries := s.client.tries()
	for {
		g, err := s.acquire(ctx, r.Dataset, r.Node, lifetime, true)
		if err == nil || IsConflict(err) {
			return g, err == nil, nil
		}
		if err := tries.next(ctx, err); err != nil {
			return g, false, err
		}
	}
}

func (s *Store) hadGone(r volumes.Record, g Grant) {
	if g.New {
		s.log.Warn("the lease had gone and was taken anew; no other node had it in between that still has it",
			zap.String("dataset", r.Dataset), zap.String("node", r.Node))
	}
}
