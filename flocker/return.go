package flocker

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Return puts the dataset back, if the record says from where it came, and gives
// the lease back; see volumes.Store.
//
//	certain that the lease is ours     DELETE, once
//	not certain, or the DELETE failed  POST with a lifetime of 0:
//	      200  it was ours, and is gone within a second
//	      201  there was none; the one just made is gone within a second
//	      409  it is another node's, and stays
func (s *Store) Return(ctx context.Context, r volumes.Record) error {
	if r.Free || r.Dataset == "" {
		return nil
	}
	r, ours, err := s.outcome(ctx, r)
	if err == nil && ours {
		err = s.giveBack(ctx, r)
	}
	return failed("return the lease of", r, err)
}

// outcome waits for the answer to a request that its caller gave up waiting for,
// and learns from it whose the lease is.
func (s *Store) outcome(ctx context.Context, r volumes.Record) (_ volumes.Record, perhapsOurs bool, err error) {
	f, err := s.land(ctx, r.Dataset)
	switch {
	case err != nil:
		return r, false, err
	case f == nil:
		return r, true, nil
	case f.method == http.MethodDelete && (f.err == nil || IsNotFound(f.err)):
		return r, false, nil // it was returned
	case IsConflict(f.err):
		s.notOurs(r)
		return r, false, nil
	case f.err != nil:
		r.Certain = false
		return r, true, nil
	case !f.grant.New && !f.ours:
		s.log.Warn("this node has a lease that no executor here has taken; it stays", zap.String("dataset", r.Dataset))
		return r, false, nil
	}
	return granted(r, f.grant, f.lifetime), true, nil
}

func (s *Store) notOurs(r volumes.Record) {
	s.log.Info("the lease is another node's; nothing to return", zap.String("dataset", r.Dataset))
}

func (s *Store) giveBack(ctx context.Context, r volumes.Record) error {
	if r.PreviousPrimary != "" && r.PreviousPrimary != r.Node {
		var ours bool
		var err error
		if r, ours, err = s.confirm(ctx, r); err != nil || !ours {
			return err
		}
		if err := s.putBack(ctx, r); err != nil {
			return err
		}
	}
	gone, err := s.release(ctx, r)
	if gone || err != nil && ctx.Err() != nil {
		return err
	}
	return s.expire(ctx, r)
}

// confirm makes certain that the lease is ours, by renewing it if need be: a
// late "put back" would take the dataset from the node that has it by now.
func (s *Store) confirm(ctx context.Context, r volumes.Record) (_ volumes.Record, ours bool, err error) {
	if _, ok := certain(r); ok {
		return r, true, nil
	}
	lifetime := r.LeaseFor
	if lifetime <= 0 {
		lifetime = time.Minute
	}
	g, ours, err := s.insist(ctx, r, lifetime)
	switch {
	case err != nil:
		return r, false, err
	case !ours:
		s.notOurs(r)
		return r, false, nil
	}
	return granted(r, g, lifetime), true, nil
}

// putBack orders the dataset to where it was, unless somebody has ordered it
// elsewhere meanwhile, and only as long as the lease is certain. That it arrives
// there is not awaited.
func (s *Store) putBack(ctx context.Context, r volumes.Record) error {
	ctx, cancel := whileCertain(ctx, r)
	defer cancel()
	d, err := s.client.Dataset(ctx, r.Dataset)
	if err == nil && d.Primary == r.Node {
		_, err = s.change(ctx, r, "order back to node "+r.PreviousPrimary, move(r.Dataset, r.PreviousPrimary))
	}
	if IsNotFound(err) || IsDeleted(err) {
		return nil
	}
	return err
}

// release deletes the lease if it is certainly ours, and reports whether it is
// certainly gone. It is tried once: after an answer that got lost, the lease may
// be another node's.
func (s *Store) release(ctx context.Context, r volumes.Record) (gone bool, err error) {
	left, ok := certain(r)
	if !ok {
		return false, nil
	}
	f := &flight{dataset: r.Dataset, what: "return of the lease", method: http.MethodDelete, path: leasePath(r.Dataset), leases: true}
	err = s.fly(ctx, f, func(ctx context.Context) error {
		was, err := s.client.releaseWithin(ctx, r.Dataset, left)
		if err == nil && was.Node != r.Node {
			s.restore(ctx, was)
		}
		return err
	})
	if err == nil {
		return true, nil
	}
	if IsNotFound(err) {
		s.log.Warn("the lease had gone already", zap.String("dataset", r.Dataset))
		return true, nil
	}
	s.log.Warn("return of the lease failed; making sure by another way", zap.String("dataset", r.Dataset), zap.Error(err))
	return false, err
}

// restore gives another node back what it has just lost by our mistake: somebody
// had removed our lease by hand, and that node had taken its own.
func (s *Store) restore(ctx context.Context, was Lease) {
	s.log.Error("the lease removed was another node's; restoring it", zap.String("dataset", was.Dataset), zap.String("node", was.Node))
	tries := s.client.tries()
	for was.Expires > 0 {
		_, err := s.client.AcquireLease(ctx, was.Dataset, was.Node, was.Expires)
		if err == nil || IsConflict(err) {
			return
		}
		if err := tries.next(ctx, err); err != nil {
			s.log.Error("cannot restore the lease of another node", zap.String("dataset", was.Dataset), zap.String("node", was.Node), zap.Error(err))
			return
		}
	}
}

// expire gives the lease back in a way that cannot hit another's, and waits until
// it has gone. When ctx ends while it waits, nothing more needs to be done.
func (s *Store) expire(ctx context.Context, r volumes.Record) error {
	_, ours, err := s.insist(ctx, r, 0)
	switch {
	case err != nil:
		return err
	case ours:
		s.waitSwept(ctx, r)
	default:
		s.notOurs(r)
	}
	return nil
}

// waitSwept waits until an expired lease is off the service's list, so that the
// next lease on this node is new, and not taken for one of somebody outside. A
// busy service may be late.
func (s *Store) waitSwept(ctx context.Context, r volumes.Record) {
	w := s.waiter(r, nil)
	for sleep(ctx, sweep) == nil {
		if w.list(ctx); w.holder != r.Node {
			return
		}
	}
}
