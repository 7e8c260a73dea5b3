package flockertest

import "net/http"

// Hold keeps what changes from the agents, and expired leases in being, until it is
// called with false. The real service collects changes for a second and expires
// leases once a second; a replay cannot rely on being as fast.
func (s *Service) Hold(hold bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = hold
	s.wake()
}

// Gate makes what agents say wait for a Step each, so that a replay sees every state
// they go through.
func (s *Service) Gate(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case on && s.gate == nil:
		s.gate = make(chan struct{})
	case !on && s.gate != nil:
		close(s.gate)
		s.gate = nil
	}
}

// Step lets one agent through a gate, if any waits there.
func (s *Service) Step() {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	select {
	case gate <- struct{}{}:
	default:
	}
}

// AnswerTo answers one request without a connection.
func (s *Service) AnswerTo(r *http.Request, body []byte) int {
	return s.answer(request{Request: r, body: body}).status
}

// Dumps and Repr are Python's json.dumps and repr.
var (
	Dumps = dumps
	Repr  = pyRepr
)
