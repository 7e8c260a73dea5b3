package flockertest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Create puts datasets into the configuration without a request. An empty ID is
// replaced by a new one; an existing dataset of the id is replaced whole, deleted
// or not. It returns the ids.
func (s *Service) Create(datasets ...Dataset) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, len(datasets))
	for i, d := range datasets {
		d = d.clone()
		if d.ID == "" {
			d.ID = uuid.NewString()
		}
		if d.Metadata == nil {
			d.Metadata = map[string]string{}
		}
		if s.config.Datasets[d.ID].Deleted {
			delete(s.config.Owned, d.ID) // its volume is gone, or will be
		}
		s.config.put(d)
		ids[i] = d.ID
	}
	s.configured()
	return ids
}

// Dataset returns one dataset of the configuration.
func (s *Service) Dataset(id string) (Dataset, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.config.Datasets[id]
	return d.clone(), ok
}

// Datasets returns the configuration, ordered by id.
func (s *Service) Datasets() []Dataset {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Dataset{}
	for _, id := range sortedKeys(s.config.Datasets) {
		list = append(list, s.config.Datasets[id].clone())
	}
	return list
}

// Move sets a dataset's primary without a request, as somebody else would. A
// dataset that does not exist is left so.
func (s *Service) Move(id, node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.config.Datasets[id]
	if !ok {
		return
	}
	d.Primary = node
	s.config.put(d)
	s.configured()
}

// SetLease makes or replaces a lease whoever holds it. A lifetime of zero is for
// ever.
func (s *Service) SetLease(dataset, node string, lifetime time.Duration) {
	l := Lease{Dataset: dataset, Node: node}
	if lifetime != 0 {
		l.Expires = time.UnixMicro(time.Now().Add(lifetime).UnixMicro())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.Leases[dataset] = l
	s.configured()
}

// RemoveLease takes a lease away, as an operator would by hand.
func (s *Service) RemoveLease(dataset string) {
	s.expire(func(l Lease) bool { return l.Dataset == dataset })
}

// ExpireLeases ends every lease now that has an expiry, without waiting for it.
func (s *Service) ExpireLeases() {
	s.expire(func(l Lease) bool { return !l.Expires.IsZero() })
}

// Leases returns all leases, ordered by dataset.
func (s *Service) Leases() []Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.config.Leases), func(a, b Lease) int { return strings.Compare(a.Dataset, b.Dataset) })
}

// Lease returns the lease of a dataset.
func (s *Service) Lease(dataset string) (Lease, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.config.Leases[dataset]
	return l, ok
}

// PauseAgent stops a node's agent where it is: it neither works nor reports, but
// stays connected. It returns when the agent has stopped, if it is connected, but
// after five seconds in any case. The pause holds until ResumeAgent, over restarts
// of the service too.
func (s *Service) PauseAgent(node string) {
	s.setPaused(node, true)
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	_ = s.wait(ctx, "pause of node "+node, func() bool {
		n := s.node(node)
		return n.stopped || n.connected == 0
	})
}

// ResumeAgent ends PauseAgent.
func (s *Service) ResumeAgent(node string) { s.setPaused(node, false) }

func (s *Service) setPaused(node string, paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(node)
	n.paused, n.stopped = paused, false
	s.pushes++
	s.wake()
}

// ForgetNode drops what a node reported, as if its agent had been silent for
// StateExpiry. The next report brings it back.
func (s *Service) ForgetNode(node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.node(node).reported = false
	s.wake()
}

// WaitNode returns when the node's agent has reported.
func (s *Service) WaitNode(ctx context.Context, node string) error {
	return s.wait(ctx, "node "+node, func() bool { return s.alive(node) })
}

// WaitMounted returns the path when the state shows the dataset mounted on the
// node.
func (s *Service) WaitMounted(ctx context.Context, dataset, node string) (path string, err error) {
	err = s.WaitState(ctx, dataset, func(d DatasetState, exists bool) bool {
		path = d.Path
		return d.Primary == node
	})
	return path, err
}

// WaitState returns when ok is true for the state of a dataset. ok is called with
// the service locked and must not call it.
func (s *Service) WaitState(ctx context.Context, dataset string, ok func(d DatasetState, exists bool) bool) error {
	return s.wait(ctx, "state of dataset "+dataset, func() bool {
		for _, d := range s.states() {
			if d.ID == dataset {
				return ok(d, true)
			}
		}
		return ok(DatasetState{}, false)
	})
}

// WaitLease returns when ok is true for the lease of a dataset; held is false if
// there is none. ok is called with the service locked and must not call it.
func (s *Service) WaitLease(ctx context.Context, dataset string, ok func(l Lease, held bool) bool) error {
	return s.wait(ctx, "lease of dataset "+dataset, func() bool {
		l, held := s.config.Leases[dataset]
		return ok(l, held)
	})
}
