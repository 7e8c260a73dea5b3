package flockertest

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"
)

// defaultSize is what the loopback agent makes of a dataset without a size.
const defaultSize = 75 << 30

// serveAgent is the stream of pushes to one agent. It ends with the connection.
func (s *Service) serveAgent(w http.ResponseWriter, r *http.Request) {
	var h hello
	if err := json.NewDecoder(r.Body).Decode(&h); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.connect(h, 1)
	defer s.connect(h, -1)
	out := json.NewEncoder(w)
	seen := -1
	for {
		p, n, changed := s.pushFor(h.UUID, seen)
		if n != seen {
			if out.Encode(p) != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			seen = n
			continue
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
		if s.pushed(h.UUID, seen) && !sleep(r.Context().Done(), s.Pace.Push) {
			return
		}
	}
}

// pushed says whether there is something newer than that push; what comes within
// Pace.Push of it is then sent along (recorded: the real service collects changes
// for a second). A pause does not wait.
func (s *Service) pushed(uuid string, seen int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(uuid)
	return !s.held && s.pushes != seen && (!n.paused || n.stopped)
}

// sleep waits and returns false if done came first.
func sleep(done <-chan struct{}, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-done:
		return false
	}
}

func (s *Service) connect(h hello, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(h.UUID)
	n.hello = h
	n.connected += by
	if by > 0 {
		if era, ok := parseUUID(h.Era); ok {
			s.eras[era] = h.UUID
		}
	}
	s.wake()
}

// node returns the entry of a node, new if need be; s.mu is held.
func (s *Service) node(uuid string) *node {
	n, ok := s.nodes[uuid]
	if !ok {
		n = &node{hello: hello{UUID: uuid}}
		s.nodes[uuid] = n
	}
	return n
}

// pushFor is what a node must know now, the number of the push, which is seen if
// there is nothing new, and what is closed when that changes.
func (s *Service) pushFor(uuid string, seen int) (push, int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held || s.pushes == seen {
		return push{}, seen, s.changed
	}
	p := push{Owned: map[string]string{}, Paused: s.node(uuid).paused}
	for id, v := range s.config.Owned {
		p.Owned[id] = v
	}
	for id, d := range s.config.Datasets {
		if d.Primary != uuid {
			continue
		}
		size := d.MaximumSize
		if size == 0 {
			size = defaultSize
		}
		p.Desired = append(p.Desired, desired{ID: id, Size: size, Deleted: d.Deleted})
	}
	for id, l := range s.config.Leases {
		if l.Node == uuid {
			p.Leased = append(p.Leased, id)
		}
	}
	return p, s.pushes, s.changed
}

// pass waits at the gate, if there is one.
func (s *Service) pass(ctx context.Context) {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate == nil {
		return
	}
	select {
	case <-gate:
	case <-ctx.Done():
	}
}

// serveReport takes what an agent found. Only a report with news makes the
// service push.
func (s *Service) serveReport(w http.ResponseWriter, r *http.Request) {
	var found report
	if err := json.NewDecoder(r.Body).Decode(&found); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.pass(r.Context())
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(found.Node.UUID)
	news := !n.reported || !reflect.DeepEqual(n.report, found)
	n.hello, n.report, n.reported, n.last = found.Node, found, true, time.Now()
	s.volumes = found.Volumes
	if news {
		s.pushes++
	}
	s.wake()
}

// serveStopped takes an agent's word that it has stopped.
func (s *Service) serveStopped(w http.ResponseWriter, r *http.Request) {
	var h hello
	if err := json.NewDecoder(r.Body).Decode(&h); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(h.UUID)
	n.stopped = n.paused
	s.wake()
}

// serveOwned registers new volumes. The first one of a dataset stays.
func (s *Service) serveOwned(w http.ResponseWriter, r *http.Request) {
	var made owned
	if err := json.NewDecoder(r.Body).Decode(&made); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.pass(r.Context())
	s.mu.Lock()
	defer s.mu.Unlock()
	news := false
	for dataset, volume := range made {
		if _, ok := s.config.Owned[dataset]; !ok {
			s.config.Owned[dataset] = volume
			news = true
		}
	}
	if news {
		s.configured()
	}
}
