package docker_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

func TestOpen(t *testing.T) {
	e := open(t, shared)
	if e.Version() == "" || e.Socket() != shared.Socket {
		t.Errorf("version %q, socket %q", e.Version(), e.Socket())
	}
	if pid, err := e.PID(); err != nil || pid != shared.PID() {
		t.Errorf("process %d, %v; want %d", pid, err, shared.PID())
	}
}

func TestOpenAbsent(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	listener := listen(t, dead)
	listener.SetUnlinkOnClose(false)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for socket, hint := range map[string]string{
		filepath.Join(dir, "none"): "no such socket",
		dead:                       "nobody listens",
	} {
		_, err := docker.Open(t.Context(), docker.Options{Socket: socket})
		if !errors.Is(err, docker.ErrAbsent) || !strings.Contains(err.Error(), hint) || !strings.Contains(err.Error(), "--docker-socket="+socket) {
			t.Errorf("%s: error %v", socket, err)
		}
	}
}

func TestOpenTooOld(t *testing.T) {
	for _, version := range []string{"1.39", "", "0.9", "nonsense"} {
		socket := filepath.Join(t.TempDir(), "s")
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Api-Version", version)
		})}
		l := listen(t, socket)
		served := make(chan struct{})
		go func() { defer close(served); _ = server.Serve(l) }() // until Close
		_, err := docker.Open(t.Context(), docker.Options{Socket: socket})
		if !errors.Is(err, docker.ErrTooOld) || !strings.Contains(err.Error(), "1.40") {
			t.Errorf("version %q: error %v", version, err)
		}
		_ = server.Close() // the test is over
		<-served
	}
}

// An engine that accepts and says nothing must not hold up anybody.
func TestOpenHanging(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l := listen(t, socket)
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := docker.Open(ctx, docker.Options{Socket: socket}); !errors.Is(err, docker.ErrAbsent) {
		t.Errorf("error %v", err)
	}
}

func listen(t *testing.T, socket string) *net.UnixListener {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	return l.(*net.UnixListener)
}
