package agent

import (
	"encoding/json"
	"net/http"
	"time"

	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// PathFaults takes a Faults as JSON, by POST, and answers 204. A test that drives
// an agent in another process uses it; real agents have nothing like it.
const PathFaults = "/minimesos/faults"

// Faults is what an agent is to do wrong. Each POST replaces everything that was
// asked for before; the zero value makes the agent behave.
type Faults struct {
	// DropStreams breaks every open stream off, once, without ending it properly.
	DropStreams bool `json:"drop_streams,omitempty"`
	// HoldStreams stops writing to every stream open now, which stays open: what
	// an executor sees of a network that has gone. DropStreams ends it.
	HoldStreams bool `json:"hold_streams,omitempty"`
	// Split writes the records of streams opened from now on in pieces of so many
	// bytes, each an HTTP chunk.
	Split int `json:"split,omitempty"`
	// Beat sends a HEARTBEAT on every open stream, as if its time had come.
	Beat bool `json:"beat,omitempty"`
	// Acknowledgements concern the ACKNOWLEDGED events from now on.
	Acknowledgements []AckFault `json:"acknowledgements,omitempty"`
	// HoldCalls answers no call at all until the next POST, which breaks them off.
	HoldCalls bool `json:"hold_calls,omitempty"`
	// Refuse answers calls with an error instead of looking at them.
	Refuse *Refusal `json:"refuse,omitempty"`
}

// AckFault loses or delays one ACKNOWLEDGED.
type AckFault struct {
	N     int           `json:"n"` // the first from now on is 1; 0 means every one
	Lose  bool          `json:"lose,omitempty"`
	Delay time.Duration `json:"delay,omitempty"` // in nanoseconds
}

// Refusal is an error in place of an answer.
type Refusal struct {
	Status int    `json:"status"`
	Body   string `json:"body,omitempty"`
	Type   string `json:"type,omitempty"`  // of the call, as SUBSCRIBE; "" means any
	Calls  int    `json:"calls,omitempty"` // how many; 0 means until the next POST
}

// faultState is the faults asked for and how far they have got. Loop only.
type faultState struct {
	current  Faults
	acks     int
	replaced chan struct{} // closed by the next POST
}

func (a *agent) serveFaults(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		wire.MethodNotAllowed(r.Method).Write(w)
		return
	}
	var f Faults
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&f); err != nil {
		wire.BadRequest("decode faults: %v", err).Write(w)
		return
	}
	if err := a.ask(func() { a.setFaults(f) }); err != nil {
		wire.ServiceUnavailable("%v", err).Write(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *agent) setFaults(f Faults) {
	closeOnce(a.faults.replaced)
	a.faults = faultState{current: f, replaced: make(chan struct{})}
	for _, framework := range a.frameworks {
		for _, e := range framework.executors {
			if f.Beat {
				a.send(e, &wireexec.Event{Type: wireexec.Event_HEARTBEAT})
			}
			e.disturb(f)
		}
	}
}

// disturb does to the executor's open stream what was asked for. A stream that
// was cut stays the executor's: the agent does not notice.
func (e *executor) disturb(f Faults) {
	if e.stream == nil {
		return
	}
	if f.HoldStreams {
		closeOnce(e.stream.held)
	}
	if f.DropStreams {
		closeOnce(e.stream.cut)
	}
}

// closeOnce closes a channel that only the loop closes.
func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// acknowledge does send now, later or not at all.
func (s *faultState) acknowledge(a *agent, send func()) {
	s.acks++
	for _, f := range s.current.Acknowledgements {
		if f.N != 0 && f.N != s.acks {
			continue
		}
		if f.Lose {
			return
		}
		a.timer(f.Delay, send)
		return
	}
	send()
}

// hold is what a call has to wait for, if it is not to be answered.
func (s *faultState) hold() <-chan struct{} {
	if s.current.HoldCalls {
		return s.replaced
	}
	return nil
}

// refusal is the error a call of this type gets, if any.
func (s *faultState) refusal(callType string) *wire.Problem {
	r := s.current.Refuse
	if r == nil || r.Type != "" && r.Type != callType {
		return nil
	}
	if r.Calls > 0 {
		left := *r
		left.Calls--
		s.current.Refuse = &left
		if left.Calls == 0 {
			s.current.Refuse = nil
		}
	}
	return &wire.Problem{Status: r.Status, Text: r.Body}
}
