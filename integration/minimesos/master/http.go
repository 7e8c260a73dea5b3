package master

import (
	"net/http"
	"strings"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// ServeHTTP answers every path of the master. As in libprocess each of Mesos'
// paths exists below /master as well.
func (m *Master) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wire.DecodeBody(http.HandlerFunc(m.route)).ServeHTTP(w, r)
}

func (m *Master) route(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/master")
	switch {
	case r.URL.Path == link.PathRegister:
		m.serveAgent(w, r)
	case r.URL.Path == link.PathEvent:
		m.serveAgentEvent(w, r)
	case path == "/api/v1/scheduler":
		m.serveScheduler(w, r)
	case path == "/api/v1":
		m.serveOperator(w, r)
	case path == "/health":
		w.WriteHeader(http.StatusOK)
	default:
		wire.NotFound().Write(w)
	}
}

// refuse writes a *wire.Problem as such and anything else as 500.
func refuse(w http.ResponseWriter, err error) {
	problem(err).Write(w)
}
