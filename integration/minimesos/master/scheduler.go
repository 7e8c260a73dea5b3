package master

import (
	"context"
	"errors"
	"net/http"

	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

const streamIDHeader = "Mesos-Stream-Id"

// serveScheduler is POST /api/v1/scheduler, with the checks in the order of
// src/master/http.cpp.
func (m *Master) serveScheduler(w http.ResponseWriter, r *http.Request) {
	if err := m.refusedByFault(r.Context()); err != nil {
		refuse(w, err)
		return
	}
	call := &scheduler.Call{}
	read, err := wire.ReadCall(r, call)
	if err != nil {
		refuse(w, err)
		return
	}
	if err := validateCall(call, read.Has("type")); err != nil {
		wire.BadRequest("Failed to validate scheduler::Call: %v", err).Write(w)
		return
	}
	if call.Type == scheduler.Call_SUBSCRIBE {
		m.serveSubscribe(w, r, call)
		return
	}
	status, err := m.serveCall(r, call)
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(status)
}

// serveCall runs any call but SUBSCRIBE and returns the status to answer with.
func (m *Master) serveCall(r *http.Request, call *scheduler.Call) (int, error) {
	status := http.StatusAccepted
	var refusal error
	err := m.do(r.Context(), func(s *state) {
		f, err := s.caller(r, call)
		if err != nil {
			refusal = err
			return
		}
		status, refusal = s.dispatch(f, call)
	})
	return status, errors.Join(err, refusal)
}

// caller finds the framework of a call and checks that it may make it.
func (s *state) caller(r *http.Request, call *scheduler.Call) (*framework, error) {
	f := s.framework(call.FrameworkID.Value)
	if f == nil {
		return nil, wire.BadRequest("Framework cannot be found")
	}
	if !f.connected() {
		return nil, wire.Forbidden("Framework is not subscribed")
	}
	ids, ok := r.Header[streamIDHeader]
	if !ok {
		return nil, wire.BadRequest("All non-subscribe calls should include the 'Mesos-Stream-Id' header")
	}
	if ids[0] != f.stream.id {
		return nil, wire.BadRequest("The stream ID '%s' included in this request didn't match the stream ID "+
			"currently associated with framework ID %s", ids[0], f.id())
	}
	return f, nil
}

// dispatch runs a validated call. Calls about inverse offers, requests and
// operation statuses are accepted and have no effect here.
func (s *state) dispatch(f *framework, call *scheduler.Call) (int, error) {
	switch call.Type {
	case scheduler.Call_TEARDOWN:
		s.removeFramework(f)
	case scheduler.Call_ACCEPT:
		s.accept(f, call.Accept)
	case scheduler.Call_DECLINE:
		s.decline(call.Decline)
	case scheduler.Call_REVIVE:
		s.revive(f, call.Revive)
	case scheduler.Call_SUPPRESS:
		s.suppress(f, call.Suppress)
	case scheduler.Call_KILL:
		s.kill(f, call.Kill)
	case scheduler.Call_SHUTDOWN:
		s.shutdown(f, call.Shutdown)
	case scheduler.Call_ACKNOWLEDGE:
		s.acknowledge(f, call.Acknowledge)
	case scheduler.Call_RECONCILE:
		s.reconcile(f, call.Reconcile)
	case scheduler.Call_MESSAGE:
		s.message(f, call.Message)
	case scheduler.Call_UPDATE_FRAMEWORK:
		return http.StatusOK, s.updateFramework(f, call.UpdateFramework)
	case scheduler.Call_UNKNOWN:
		return 0, wire.NotImplemented()
	}
	return http.StatusAccepted, nil
}

// problem finds the refusal in err; anything else is a 500, or a 503 when the
// master is closing.
func problem(err error) *wire.Problem {
	var p *wire.Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, errClosed) || errors.Is(err, context.Canceled) {
		return wire.ServiceUnavailable("Master is shutting down")
	}
	return &wire.Problem{Status: http.StatusInternalServerError, Text: err.Error()}
}
