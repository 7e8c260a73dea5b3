package agent_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// scriptedMaster is the master's half of the link, driven by a test.
type scriptedMaster struct {
	t          *testing.T
	server     *httptest.Server
	registered chan link.Register
	events     chan link.Event
	commands   chan link.Command
}

func newMaster(t *testing.T) *scriptedMaster {
	m := &scriptedMaster{
		t: t, registered: make(chan link.Register, 8), events: make(chan link.Event, 1024), commands: make(chan link.Command, 64),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+link.PathRegister, m.register)
	mux.HandleFunc("POST "+link.PathEvent, m.event)
	m.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		m.server.CloseClientConnections()
		m.server.Close()
	})
	return m
}

func (m *scriptedMaster) register(w http.ResponseWriter, r *http.Request) {
	var in link.Register
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out := json.NewEncoder(w)
	say := func(c link.Command) error {
		if err := out.Encode(c); err != nil {
			return err
		}
		return http.NewResponseController(w).Flush()
	}
	id := in.AgentID
	if id == "" {
		id = "master-S0"
	}
	if say(link.Command{Registered: &link.Registered{AgentID: id}}) != nil {
		return
	}
	m.registered <- in
	for {
		select {
		case <-r.Context().Done():
			return
		case c := <-m.commands:
			if say(c) != nil {
				return
			}
		}
	}
}

func (m *scriptedMaster) event(w http.ResponseWriter, r *http.Request) {
	var e link.Event
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.events <- e
	w.WriteHeader(http.StatusAccepted)
}

func (m *scriptedMaster) awaitRegistration() link.Register {
	m.t.Helper()
	select {
	case r := <-m.registered:
		return r
	case <-time.After(patience):
		m.t.Fatal("the agent did not register")
	}
	return link.Register{}
}

func (m *scriptedMaster) next() link.Event {
	m.t.Helper()
	select {
	case e := <-m.events:
		return e
	case <-time.After(patience):
		m.t.Fatal("the agent says nothing")
	}
	return link.Event{}
}

// update expects the next event to be an update, checks its state and, when ack
// is set, acknowledges it.
func (m *scriptedMaster) update(want mesos.TaskState, ack bool) mesos.TaskStatus {
	m.t.Helper()
	e := m.next()
	if e.Update == nil {
		m.t.Fatalf("event %+v, want an update to %v", e, want)
	}
	var s mesos.TaskStatus
	if err := wire.UnmarshalProtobuf(e.Update.Status, &s); err != nil {
		m.t.Fatal(err)
	}
	if s.GetState() != want {
		m.t.Fatalf("update to %v (%s), want %v", s.GetState(), s.GetMessage(), want)
	}
	if ack {
		m.acknowledge(e.Update.FrameworkID, s)
	}
	return s
}

func (m *scriptedMaster) acknowledge(framework string, s mesos.TaskStatus) {
	m.commands <- link.Command{Acknowledge: &link.Acknowledge{FrameworkID: framework, TaskID: s.TaskID.Value, UUID: s.UUID}}
}

func (m *scriptedMaster) failure(want int32) {
	m.t.Helper()
	e := m.next()
	if e.Exited == nil || e.Exited.Status != want {
		m.t.Fatalf("event %+v (exited %+v), want the executor's end with %d", e, e.Exited, want)
	}
}

// quiet fails if the agent says anything within d.
func (m *scriptedMaster) quiet(d time.Duration) {
	m.t.Helper()
	select {
	case e := <-m.events:
		m.t.Fatalf("unexpected event %+v", e)
	case <-time.After(d):
	}
}

func protobuf(t *testing.T, msg any) []byte {
	t.Helper()
	data, err := wire.MarshalProtobuf(msg)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
