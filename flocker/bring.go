package flocker

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Bring orders the dataset here; see volumes.Store.
func (s *Store) Bring(ctx context.Context, r volumes.Record, note volumes.Note) (volumes.Record, error) {
	if r.Exists && r.Primary == r.Node {
		return r, nil
	}
	r, err := s.bring(ctx, r, note)
	return r, failed("bring", r, err)
}

// bring orders while the lease is certain, and renews it when that takes long:
// ordering a dataset away from under another node's lease would take it from
// that node when the lease ends.
func (s *Store) bring(ctx context.Context, r volumes.Record, note volumes.Note) (volumes.Record, error) {
	for {
		if _, ok := certain(r); !ok {
			var err error
			if r, err = s.renew(ctx, volumes.Want{Renew: &r, Lease: r.LeaseFor}, note); err != nil {
				return r, err
			}
		}
		var err error
		r, err = s.order(ctx, r, note)
		if _, ok := certain(r); err == nil || ok || ctx.Err() != nil {
			return r, err
		}
	}
}

func (s *Store) order(ctx context.Context, r volumes.Record, note volumes.Note) (volumes.Record, error) {
	ctx, cancel := whileCertain(ctx, r)
	defer cancel()
	if r.Exists {
		return s.move(ctx, r, note)
	}
	return s.create(ctx, r, note)
}

func (s *Store) move(ctx context.Context, r volumes.Record, note volumes.Note) (volumes.Record, error) {
	r.PreviousPrimary = r.Primary
	if err := note(r); err != nil {
		return r, err
	}
	if _, err := s.change(ctx, r, "order to node "+r.Node, move(r.Dataset, r.Node)); err != nil {
		return r, refusal(err)
	}
	r.Primary = r.Node
	return r, nil
}

// create makes the dataset with the leased id. When the id is in use by now, it
// was an earlier try of this that was carried out, or another tool: what is
// there decides.
func (s *Store) create(ctx context.Context, r volumes.Record, note volumes.Note) (volumes.Record, error) {
	if err := note(r); err != nil {
		return r, err
	}
	d, err := s.change(ctx, r, "creation", creation(newDataset(r)))
	if IsConflict(err) {
		s.log.Info("the dataset exists already", zap.String("dataset", r.Dataset), zap.Error(err))
		d, err = s.client.Dataset(ctx, r.Dataset)
	}
	if err != nil {
		return r, refusal(err)
	}
	if !d.Named(r.Name) {
		return r, fmt.Errorf("%w: the dataset of this id is named %q", volumes.ErrRefused, d.Name())
	}
	r.Exists, r.Primary = true, d.Primary
	if r.Primary == r.Node {
		return r, nil
	}
	return s.move(ctx, r, note)
}

// newDataset repeats the size in the metadata, where Flocker's own tools look.
func newDataset(r volumes.Record) NewDataset {
	metadata := map[string]string{}
	maps.Copy(metadata, r.Metadata)
	metadata["name"] = r.Name
	if r.Size > 0 {
		metadata["maximum_size"] = strconv.FormatInt(r.Size, 10)
	}
	return NewDataset{ID: r.Dataset, Primary: r.Node, Size: r.Size, Metadata: metadata}
}

// refusal marks what will be refused again in the same words.
func refusal(err error) error {
	if IsInvalid(err) || IsDeleted(err) || IsNotFound(err) {
		return fmt.Errorf("%w: %w", volumes.ErrRefused, err)
	}
	return err
}
