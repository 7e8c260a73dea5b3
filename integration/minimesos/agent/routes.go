package agent

import (
	"net/http"
	"strings"

	wireagent "github.com/mesos/mesos-go/api/v1/lib/agent"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// routes is the TCP side. libprocess takes the longest registered prefix: what
// is below /api/v1 but not the executor API is the operator API, an unknown
// first component is 404, and "slave(1)" names the agent itself (recorded: errors).
func (a *agent) routes() http.Handler {
	return wire.DecodeBody(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := splitPath(r.URL.Path)
		if len(path) == 2 && path[0] == "minimesos" && path[1] == "faults" {
			a.serveFaults(w, r)
			return
		}
		if len(path) > 0 && path[0] == "slave(1)" {
			path = path[1:]
		}
		a.route(w, r, path)
	}))
}

// socketRoutes is the domain socket: exactly two paths, as they stand in the
// request, are not 403 (recorded: domain-socket).
func (a *agent) socketRoutes() http.Handler {
	return wire.DecodeBody(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		if path != "/slave(1)/api/v1/executor" && path != "/slave(1)/api/v1" {
			(&wire.Problem{Status: http.StatusForbidden, Text: "403 Forbidden."}).Write(w)
			return
		}
		a.route(w, r, splitPath(path)[1:])
	}))
}

func splitPath(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

func (a *agent) route(w http.ResponseWriter, r *http.Request, path []string) {
	routed := false
	if err := a.ask(func() { routed = a.routed }); err != nil {
		panic(http.ErrAbortHandler) // the agent is ending: its connections just close
	}
	switch {
	case !routed || len(path) < 2 || path[0] != "api" || path[1] != "v1":
		wire.NotFound().Write(w)
	case len(path) > 2 && path[2] == "executor":
		a.serveExecutor(w, r)
	default:
		serveOperator(w, r)
	}
}

// serveOperator knows as much of the operator API as an executor may stumble on.
func serveOperator(w http.ResponseWriter, r *http.Request) {
	var call wireagent.Call
	read, err := wire.ReadOperatorCall(r, &call)
	if err != nil {
		refuse(w, err)
		return
	}
	if !read.Has("type") {
		wire.BadRequest("Failed to validate agent::Call: Expecting 'type' to be present").Write(w)
		return
	}
	if call.Type != wireagent.Call_GET_HEALTH {
		wire.NotImplemented().Write(w)
		return
	}
	codec, ok := wire.Negotiate(r.Header)
	if !ok {
		wire.NotAcceptable().Write(w)
		return
	}
	body, err := codec.Marshal(&wireagent.Response{
		Type: wireagent.Response_GET_HEALTH, GetHealth: &wireagent.Response_GetHealth{Healthy: true},
	})
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", codec.ContentType())
	// The client may be gone; there is nobody left to tell.
	_, _ = w.Write(body)
}
