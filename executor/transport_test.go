package executor_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor"
)

func transport(t *testing.T, e executor.Environment) executor.Transport {
	t.Helper()
	got, err := executor.NewTransport(e)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Only the agent is spoken to, whatever HTTP_PROXY says: http.ProxyFromEnvironment
// would spare loopback addresses, but an agent has another.
func TestTransportKnowsNoProxy(t *testing.T) {
	for _, change := range []func(*executor.Environment){
		func(*executor.Environment) {},
		func(e *executor.Environment) { e.Socket = "/agent.sock" },
		func(e *executor.Environment) { e.TLS = executor.TLS{Enabled: true, Versions: []uint16{0x303}} },
	} {
		e := environment()
		change(&e)
		if transport(t, e).HTTP.(*http.Transport).Proxy != nil {
			t.Error("a proxy may be used")
		}
	}
}

func TestTransportOrder(t *testing.T) {
	e := environment()
	e.Endpoint = "[2001:db8::1]:5051"
	e.TLS = executor.TLS{Enabled: true, Versions: []uint16{0x303}}
	e.Socket, e.Process = "/agent.sock", "slave(1)"
	for _, want := range []string{
		"http://agent/slave(1)/api/v1/executor", "https://[2001:db8::1]:5051/api/v1/executor", "http://[2001:db8::1]:5051/api/v1/executor",
	} {
		if got := transport(t, e).URL; got != want {
			t.Errorf("URL %s, wanted %s", got, want)
		}
		e.TLS.Enabled, e.Socket = e.Socket != "", ""
	}
}

// The path stands in the request as the agent wants it, and a socket that lies
// too deep for the kernel is reached from the working directory.
func TestTransportDomainSocket(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	deep := filepath.Join(dir, strings.Repeat("d", 90))
	for name, path := range map[string]string{"short": filepath.Join(dir, "agent.sock"), "deep": filepath.Join(deep, "agent.sock")} {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			short, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("unix", short)
			if err != nil {
				t.Fatal(err)
			}
			asked := make(chan string, 1)
			server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.RequestURI })}
			go func() { _ = server.Serve(l) }()
			defer func() { _ = server.Close() }()
			e := environment()
			e.Socket, e.Process = path, "slave(1)"
			got := transport(t, e)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, got.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := got.HTTP.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if uri := <-asked; uri != "/slave(1)/api/v1/executor" {
				t.Errorf("asked for %s", uri)
			}
		})
	}
	e := environment()
	e.Socket = filepath.Join(dir, strings.Repeat("e", 108))
	_, err := executor.NewTransport(e)
	wantError(t, err, "environment variable MESOS_DOMAIN_SOCKET is")
	wantError(t, err, "more than the 107 that a domain socket's path may have")
}
