package checks_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// listener is on the loopback address of one family, on a port of its own.
func listener(t *testing.T, ipv6 bool) (net.Listener, int) {
	t.Helper()
	address := "127.0.0.1:0"
	if ipv6 {
		address = "[::1]:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

func serve(t *testing.T, handler http.HandlerFunc, change func(*httptest.Server)) checks.HTTP {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	start := s.Start
	if change != nil {
		change(s)
	}
	if s.TLS != nil || s.EnableHTTP2 {
		start = s.StartTLS
	}
	start()
	t.Cleanup(s.Close)
	return at(t, s.URL)
}

// at is the check of a server's address.
func at(t *testing.T, address string) checks.HTTP {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return checks.HTTP{Scheme: u.Scheme, Port: port, IPv6: u.Hostname() == "::1"}
}

func TestStatusCodes(t *testing.T) {
	for code, says := range map[int]string{200: "", 204: "", 299: "", 300: "", 304: "", 399: "", 400: "400 Bad Request", 404: "404 Not Found", 503: "503 Service Unavailable", 599: "599"} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			h := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }, nil)
			h.Path = "/health?full=1"
			outcome, v := both(t, checks.Check{HTTP: &h})
			if want := fmt.Sprint("status ", code); outcome != want {
				t.Errorf("%s, wanted %s", outcome, want)
			}
			if v.Healthy != (says == "") {
				t.Errorf("%+v", v)
			}
			if want := fmt.Sprintf("health check failed: GET http://127.0.0.1:%d/health?full=1: %s (it has", h.Port, says); says != "" && !strings.HasPrefix(v.Message, want) {
				t.Errorf("%q, wanted %q", v.Message, want)
			}
		})
	}
}

// Statuses that are asked for replace the usual ones.
func TestStatusesAskedFor(t *testing.T) {
	for code, well := range map[int]bool{200: false, 204: true, 503: true} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			h := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }, nil)
			h.Statuses = []uint32{204, 503}
			outcome, v := both(t, checks.Check{HTTP: &h})
			if want := fmt.Sprint("status ", code); outcome != want || v.Healthy != well {
				t.Errorf("%s, %+v; wanted %s, healthy %v", outcome, v, want, well)
			}
		})
	}
}

func TestRequest(t *testing.T) {
	requests := make(chan *http.Request, 10)
	h := serve(t, func(_ http.ResponseWriter, r *http.Request) { requests <- r }, nil)
	h.Path = "/a%20b?c=d&e"
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	both(t, checks.Check{HTTP: &h})
	first, second := <-requests, <-requests
	if first.Method != "GET" || first.RequestURI != h.Path || first.Host != fmt.Sprint("127.0.0.1:", h.Port) {
		t.Errorf("%s %s to %s", first.Method, first.RequestURI, first.Host)
	}
	if ua := first.UserAgent(); !strings.HasPrefix(ua, "flocker-executor ") {
		t.Errorf("User-Agent %q", ua)
	}
	if accept := first.Header.Get("Accept"); accept != "*/*" {
		t.Errorf("Accept %q", accept)
	}
	if first.RemoteAddr == second.RemoteAddr || !first.Close {
		t.Error("a connection for more than one request")
	}
}

func TestRedirects(t *testing.T) {
	for path, tc := range map[string]struct{ outcome, says string }{
		"/50":     {"status 200", ""},
		"/51":     {"nothing", ": more than 50 redirects"},
		"/loop":   {"nothing", "/loop: more than 50 redirects"},
		"/gone":   {"status 404", "/nowhere: 404 Not Found"},
		"/strang": {"nothing", `unsupported protocol scheme "gopher"`},
	} {
		t.Run(path[1:], func(t *testing.T) {
			h := serve(t, redirect, nil)
			h.Path = path
			outcome, v := both(t, checks.Check{HTTP: &h})
			if outcome != tc.outcome || v.Healthy != (tc.says == "") || !strings.Contains(v.Message, tc.says) {
				t.Errorf("%s, %+v", outcome, v)
			}
		})
	}
}

// redirect counts a number in the path down to zero.
func redirect(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Path[1:])
	switch {
	case r.URL.Path == "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case r.URL.Path == "/gone":
		http.Redirect(w, r, "/nowhere", http.StatusMovedPermanently)
	case r.URL.Path == "/strang":
		http.Redirect(w, r, "gopher://127.0.0.1/", http.StatusFound)
	case err != nil:
		w.WriteHeader(http.StatusNotFound)
	case n > 0:
		http.Redirect(w, r, fmt.Sprint("/", n-1), http.StatusTemporaryRedirect)
	}
}

// Certificates are not verified: the test server's is signed by nobody known.
func TestHTTPS(t *testing.T) {
	for name, tc := range map[string]func(*httptest.Server){
		"self-signed": func(s *httptest.Server) { s.TLS = s.Config.TLSConfig.Clone() },
		"http2":       func(s *httptest.Server) { s.EnableHTTP2 = true },
	} {
		t.Run(name, func(t *testing.T) {
			protocols := make(chan string, 10)
			h := serve(t, func(_ http.ResponseWriter, r *http.Request) { protocols <- r.Proto }, tc)
			if outcome, v := both(t, checks.Check{HTTP: &h}); outcome != "status 200" || !v.Healthy {
				t.Errorf("%s, %+v", outcome, v)
			}
			if got, want := <-protocols, map[string]string{"http2": "HTTP/2.0", "self-signed": "HTTP/1.1"}[name]; got != want {
				t.Errorf("%s, wanted %s", got, want)
			}
		})
	}
}

func TestHTTPOnIPv6(t *testing.T) {
	h := serve(t, func(http.ResponseWriter, *http.Request) {}, func(s *httptest.Server) {
		_ = s.Listener.Close()
		s.Listener, _ = listener(t, true)
	})
	if outcome, v := both(t, checks.Check{HTTP: &h}); outcome != "status 200" || !v.Healthy {
		t.Errorf("%s, %+v", outcome, v)
	}
	h.IPv6 = false
	if outcome, v := both(t, checks.Check{HTTP: &h}); outcome != "nothing" || v.Healthy {
		t.Errorf("on IPv4: %s, %+v", outcome, v)
	}
}
