package agent

import (
	"context"
	"errors"
	"net/http"

	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// serveExecutor is /api/v1/executor. The order of the checks is the agent's
// (slave/http.cpp, Http::executor):
//
//	401 token · 503 recovering · 405 · 400/415 body · 400 call · 406 · 202 HEARTBEAT
//	503 updates while recovering · 400 unknown ids · 403 foreign token · 403 not subscribed
func (a *agent) serveExecutor(w http.ResponseWriter, r *http.Request) {
	who, problem := a.authenticate(r)
	if problem != nil {
		problem.Write(w)
		return
	}
	ready := false
	if err := a.ask(func() { ready = a.reconnect }); err != nil {
		panic(http.ErrAbortHandler) // the agent is ending: its connections just close
	}
	if !ready {
		notRecovered().Write(w)
		return
	}
	var call wireexec.Call
	read, err := wire.ReadCall(r, &call)
	if err != nil {
		refuse(w, err)
		return
	}
	if objection := validateCall(&call, read.Has); objection != "" {
		invalidCall(objection).Write(w)
		return
	}
	a.serveCall(w, r, &call, who)
}

func (a *agent) serveCall(w http.ResponseWriter, r *http.Request, call *wireexec.Call, who *claims) {
	codec, acceptable := wire.Negotiate(r.Header)
	if call.Type == wireexec.Call_SUBSCRIBE && !acceptable {
		wire.NotAcceptable().Write(w)
		return
	}
	var opened *stream
	var problem *wire.Problem
	var held <-chan struct{}
	err := a.ask(func() {
		if held = a.faults.hold(); held != nil {
			return
		}
		if problem = a.faults.refusal(call.Type.String()); problem == nil {
			opened, problem = a.handle(call, codec, who)
		}
	})
	switch {
	case err != nil:
		panic(http.ErrAbortHandler) // the agent is ending: its connections just close
	case held != nil:
		wait(r.Context(), held)
		panic(http.ErrAbortHandler) // a fault: the call is never answered
	case problem != nil:
		problem.Write(w)
	case opened != nil:
		opened.write(r.Context(), a.ctx, w)
	default:
		wire.Accept(w)
	}
}

// handle is the part of a call that needs the agent's state. A stream is the
// answer to SUBSCRIBE, nothing at all means 202.
func (a *agent) handle(call *wireexec.Call, codec wire.Codec, who *claims) (*stream, *wire.Problem) {
	if call.Type == wireexec.Call_HEARTBEAT {
		return nil, nil
	}
	if call.Type != wireexec.Call_SUBSCRIBE && a.phase == recovering {
		return nil, notRecovered()
	}
	f := a.frameworks[call.FrameworkID.Value]
	if f == nil {
		return nil, wire.BadRequest("Framework cannot be found")
	}
	e := f.executors[call.ExecutorID.Value]
	if e == nil {
		return nil, wire.BadRequest("Executor cannot be found")
	}
	if problem := who.authorize(e); problem != nil {
		return nil, problem
	}
	if call.Type != wireexec.Call_SUBSCRIBE && e.phase == registering {
		return nil, wire.Forbidden("Executor is not subscribed")
	}
	switch call.Type {
	case wireexec.Call_SUBSCRIBE:
		return a.subscribe(e, call.Subscribe, codec), nil
	case wireexec.Call_UPDATE:
		a.update(f, call.Update.Status)
		return nil, nil
	case wireexec.Call_MESSAGE:
		a.fromExecutor(e, call.Message.Data)
		return nil, nil
	}
	return nil, wire.NotImplemented()
}

func wait(ctx context.Context, done <-chan struct{}) {
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func notRecovered() *wire.Problem { return wire.ServiceUnavailable("Agent has not finished recovery") }

// refuse answers with a problem; any other error would be the agent's own fault.
func refuse(w http.ResponseWriter, err error) {
	var problem *wire.Problem
	if !errors.As(err, &problem) {
		problem = &wire.Problem{Status: http.StatusInternalServerError, Text: err.Error()}
	}
	problem.Write(w)
}
