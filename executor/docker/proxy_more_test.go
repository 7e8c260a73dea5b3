package docker_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"path/filepath"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// proxied opens the shared engine behind a proxy. Before each request answer is
// asked, which says whether it has answered itself.
func proxied(t *testing.T, answer func(w http.ResponseWriter, q *http.Request) bool) *docker.Engine {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", shared.Socket)
	}}
	proxy := &httputil.ReverseProxy{Transport: transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = "http", "engine"
	}}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !answer(w, q) {
			proxy.ServeHTTP(w, q)
		}
	})}
	socket := filepath.Join(t.TempDir(), "s")
	l := listen(t, socket)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(l) }() // until Close
	t.Cleanup(func() {
		_ = server.Close() // the test is over
		<-served
	})
	e, err := docker.Open(t.Context(), docker.Options{
		Socket: socket, Log: zaptest.NewLogger(t), SelfCgroup: []byte("0::/\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// fails answers a request as an engine in trouble does.
func fails(w http.ResponseWriter) bool {
	http.Error(w, `{"message":"no space left on device"}`, http.StatusInternalServerError)
	return true
}
