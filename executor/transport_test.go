package executor_test

import (
	"net/http"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// Only the agent is spoken to, whatever HTTP_PROXY says: http.ProxyFromEnvironment
// would spare loopback addresses, but an agent has another.
func TestTransportKnowsNoProxy(t *testing.T) {
	e := environment()
	e.Endpoint = "[2001:db8::1]:5051"
	transport := executor.NewTransport(e)
	if transport.HTTP.(*http.Transport).Proxy != nil {
		t.Error("a proxy may be used")
	}
	if want := "http://[2001:db8::1]:5051/api/v1/executor"; transport.URL != want {
		t.Errorf("URL %s, wanted %s", transport.URL, want)
	}
}
