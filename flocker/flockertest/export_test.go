package flockertest

import "net/http"

// HoldPushes keeps what changes from the agents until it is called with false. The
// real service collects changes for a second; a replay in a fraction of the time
// cannot rely on being fast enough for that.
func (s *Service) HoldPushes(hold bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = hold
	s.wake()
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
