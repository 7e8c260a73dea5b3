package volumes_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// store is the storage system as one node sees it.
type store struct {
	cluster cluster
	node    string
	// fault, if not nil, is asked before each request ("lease", "renew",
	// "bring", "return") and after it ("leased", …). An error is the answer.
	fault func(request string) error
}

func (s store) at(request string) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(request)
}

func (s store) Identity(context.Context) (string, string, error) { return s.node, service, nil }

func (s store) Guess(want volumes.Want) string {
	for id, d := range s.cluster.read().Datasets {
		if want.Dataset == "" && d.Name == want.Name {
			return id
		}
	}
	return want.Dataset
}

func (s store) Describe(_ context.Context, r volumes.Record) (string, error) {
	return "moving from node " + r.PreviousPrimary, nil
}

func (s store) Lease(ctx context.Context, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	if want.Renew != nil {
		return s.renew(*want.Renew, want, note)
	}
	r := volumes.Record{Name: want.Name, Dataset: want.Dataset, Node: s.node, Service: service, LeaseFor: want.Lease}
	for id, d := range s.cluster.read().Datasets {
		if r.Dataset == "" && d.Name == want.Name {
			r.Dataset = id
		}
	}
	if r.Dataset == "" && !want.Create {
		return r, fmt.Errorf("lease %s: no such dataset: %w", want.Name, volumes.ErrRefused)
	}
	r.Dataset = cmp.Or(r.Dataset, uuid.NewSHA1(uuid.Nil, []byte(want.Name)).String())
	if err := note(r); err != nil {
		return r, err
	}
	if err := s.at("lease"); err != nil {
		return r, err
	}
	if err := s.take(ctx, r, want); err != nil {
		r.Free = true
		return r, errors.Join(err, note(r))
	}
	if d := s.cluster.read().Datasets[r.Dataset]; d != nil {
		r.Exists, r.Primary = true, d.Primary
	}
	r.Certain, r.LeaseUntil = true, time.Now().Add(want.Lease)
	return r, s.at("leased")
}

func (s store) take(ctx context.Context, r volumes.Record, want volumes.Want) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var before lease
		s.cluster.change(func(now *state) {
			if before = now.Leases[r.Dataset]; before.Node == "" {
				now.Leases[r.Dataset] = lease{s.node, time.Now().Add(want.Lease)}
				now.Log = append(now.Log, "lease "+r.Dataset)
			}
		})
		switch before.Node {
		case "":
			return nil
		case s.node:
			return fmt.Errorf("%w: by something outside", volumes.ErrHeld)
		}
		want.Report("held by node " + before.Node)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: by node %s until %s: %w", volumes.ErrHeld, before.Node, before.Until, ctx.Err())
		case <-tick.C:
		}
	}
}

func (s store) renew(r volumes.Record, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	asked := r
	asked.Certain = false
	if err := note(asked); err != nil {
		return r, err
	}
	if err := s.at("renew"); err != nil {
		return r, err
	}
	var before lease
	s.cluster.change(func(now *state) {
		if before = now.Leases[r.Dataset]; before.Node == "" || before.Node == s.node {
			now.Leases[r.Dataset] = lease{s.node, time.Now().Add(want.Lease)}
			now.Log = append(now.Log, "renew "+r.Dataset)
		}
	})
	if before.Node != "" && before.Node != s.node {
		return r, fmt.Errorf("%w: by node %s", volumes.ErrHeld, before.Node)
	}
	r.LeaseUntil = time.Now().Add(want.Lease)
	return r, s.at("renewed")
}

func (s store) Bring(_ context.Context, r volumes.Record, note volumes.Note) (volumes.Record, error) {
	if r.Primary == s.node {
		return r, nil
	}
	r.PreviousPrimary = r.Primary
	if err := note(r); err != nil {
		return r, err
	}
	if err := s.at("bring"); err != nil {
		return r, err
	}
	s.cluster.change(func(now *state) {
		if !r.Exists {
			now.Datasets[r.Dataset] = &dataset{Name: r.Name}
		}
		now.Datasets[r.Dataset].Primary = s.node
		now.Log = append(now.Log, "primary "+r.Dataset+" "+s.node)
	})
	r.Exists, r.Primary = true, s.node
	return r, s.at("brought")
}

func (s store) Return(_ context.Context, r volumes.Record) error {
	if r.Free {
		return nil
	}
	if err := s.at("return"); err != nil {
		return err
	}
	s.cluster.change(func(now *state) {
		// As DELETE does it: whoever has the lease loses it.
		if now.Leases[r.Dataset].Node != s.node && !r.Certain {
			return
		}
		if r.PreviousPrimary != "" {
			now.Datasets[r.Dataset].Primary = r.PreviousPrimary
			now.Log = append(now.Log, "primary "+r.Dataset+" "+r.PreviousPrimary)
		}
		delete(now.Leases, r.Dataset)
		now.Log = append(now.Log, "return "+r.Dataset)
	})
	return s.at("returned")
}
