package flocker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Lease finds the dataset and takes its lease, or renews it; see volumes.Store.
//
// Most often the dataset's id is known without asking: it is the computed one,
// or the hint. That id is leased first, whether it exists or not, so that two
// nodes that want a new dataset at the same moment cannot both create it.
//
// Of an error that leaves nothing held the last noted record says so (Free).
func (s *Store) Lease(ctx context.Context, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	ctx = withNotice(ctx, want.Report)
	if want.Lease <= 0 {
		return volumes.Record{}, fmt.Errorf("lease dataset %s: %w: a lease of %v", want.Name, volumes.ErrRefused, want.Lease)
	}
	if want.Renew != nil {
		r, err := s.renew(ctx, want, note)
		return r, failed("renew the lease of", r, err)
	}
	who, err := s.identify(ctx)
	if err != nil {
		return volumes.Record{}, fmt.Errorf("lease dataset %s: %w", want.Name, err)
	}
	r := volumes.Record{
		Name: want.Name, Node: who.node, Era: who.era, Service: s.client.Service(),
		Size: want.Size, Metadata: want.Metadata,
	}
	if r.Dataset, err = s.firstID(want); err != nil {
		return volumes.Record{}, fmt.Errorf("lease dataset %s: %w", want.Name, err)
	}
	r, err = s.find(ctx, r, want, note)
	return r, failed("lease", r, err)
}

// Guess returns the id that is leased first; see volumes.Guesser. It costs no
// request.
func (s *Store) Guess(want volumes.Want) string {
	id, err := s.firstID(want)
	if err != nil {
		return ""
	}
	return id
}

// firstID is the id to lease first.
func (s *Store) firstID(want volumes.Want) (string, error) {
	if want.Dataset != "" {
		if !isUUID(want.Dataset) {
			return "", fmt.Errorf("%w: dataset id %q: not a UUID", volumes.ErrRefused, want.Dataset)
		}
		return strings.ToLower(want.Dataset), nil
	}
	if id := s.cache.hint(want.Name); id != "" {
		return id, nil
	}
	return ComputedID(want.Name, 0), nil
}

// find leases ids until it holds the lease of the dataset that want names, or of
// the id that it is to be created with.
func (s *Store) find(ctx context.Context, r volumes.Record, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	r, err := s.take(ctx, r, want, note)
	if err != nil {
		return r, err
	}
	r, err = s.settle(ctx, r, want, note)
	if errors.Is(err, volumes.ErrRefused) && !r.Free {
		return s.giveUp(ctx, r, note, err)
	}
	return r, err
}

// settle makes sure that the leased id is the right one, or changes it.
func (s *Store) settle(ctx context.Context, r volumes.Record, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	r, known, err := s.look(ctx, r, want)
	if known || err != nil {
		return r, err
	}
	chosen, err := s.choose(ctx, want)
	if err != nil {
		return r, err
	}
	if chosen.ID != r.Dataset {
		if chosen.Primary != "" {
			// Also for the next try, should this one not get the lease.
			s.cache.keepHint(want.Name, chosen.ID)
		}
		if r, err = s.exchange(ctx, r, chosen.ID, want, note); err != nil {
			return r, err
		}
		// The listing is older than this lease.
		if r, known, err = s.look(ctx, r, want); err != nil {
			return r, err
		}
	}
	if !known && chosen.Primary != "" {
		return r, fmt.Errorf("%w: it was deleted while it was being leased", volumes.ErrRefused)
	}
	s.cache.keepHint(want.Name, r.Dataset)
	return r, nil
}

// look reads the leased dataset. known is false when the id is not, or no
// longer, that of the dataset wanted; where the task itself gave the id, that is
// an error.
func (s *Store) look(ctx context.Context, r volumes.Record, want volumes.Want) (_ volumes.Record, known bool, err error) {
	d, err := s.client.Dataset(ctx, r.Dataset)
	explicit := want.Dataset != ""
	switch gone := IsNotFound(err) || IsDeleted(err); {
	case explicit && gone:
		return r, false, fmt.Errorf("%w: dataset= names one that exists: %w", volumes.ErrRefused, err)
	case gone:
		return r, false, nil
	case err != nil:
		return r, false, err
	case explicit && d.Name() == "":
	case explicit && !d.Named(want.Name):
		return r, false, fmt.Errorf("%w: the dataset that dataset= names is called %q", volumes.ErrRefused, d.Name())
	case !d.Named(want.Name):
		s.log.Warn("the dataset of this id has another name", zap.String("dataset", d.ID), zap.String("name", d.Name()), zap.String("wanted", want.Name))
		return r, false, nil
	}
	r.Exists, r.Primary = true, d.Primary
	return r, true, nil
}

// exchange gives back the lease that turned out to be of no use and takes another.
// Only when the first is certainly gone is the second noted, since a note
// replaces the one before.
func (s *Store) exchange(ctx context.Context, r volumes.Record, id string, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	if err := s.Return(ctx, r); err != nil {
		return r, err
	}
	r.Dataset, r.Certain = id, false
	return s.take(ctx, r, want, note)
}

// giveUp returns the lease of a dataset that cannot be had, and why it cannot.
func (s *Store) giveUp(ctx context.Context, r volumes.Record, note volumes.Note, why error) (volumes.Record, error) {
	ctx, cancel := cleanUp(ctx)
	defer cancel()
	if err := s.Return(ctx, r); err != nil {
		return r, fmt.Errorf("%w; and its lease remains: %w", why, err)
	}
	return s.free(r, note), why
}

// free notes that nothing is held. A note that fails costs a request later, and
// no more than that.
func (s *Store) free(r volumes.Record, note volumes.Note) volumes.Record {
	r.Free, r.Certain = true, false
	if err := note(r); err != nil {
		s.log.Warn("cannot note that nothing is leased", zap.String("dataset", r.Dataset), zap.Error(err))
	}
	return r
}

// failed puts operation and dataset before the cause.
func failed(operation string, r volumes.Record, err error) error {
	if err == nil {
		return nil
	}
	if r.Dataset == "" {
		return fmt.Errorf("%s dataset %s: %w", operation, r.Name, err)
	}
	return fmt.Errorf("%s dataset %s (%s): %w", operation, r.Name, r.Dataset, err)
}
