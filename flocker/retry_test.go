package flocker_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

func TestRetries(t *testing.T) {
	t.Parallel()
	good := reply{200, "", entry}
	bad := []reply{{500, "", `"x"`}, {503, "text/html", "<p>later</p>"}, {}, {200, "text/html", "<p>sign in</p>"}}
	for _, b := range bad {
		c, asked := script(t, b, good)
		if _, err := c.Dataset(t.Context(), ds); err != nil || len(asked()) != 2 {
			t.Errorf("after %+v: %v, %d requests", b, err, len(asked()))
		}
	}
}

// TestRetriesEndWithTheContext, and what the service said last is what is told.
func TestRetriesEndWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, late := context.WithCancelCause(t.Context())
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 3 {
			late(errors.New("not ready within 2s"))
		}
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `"38d6cc10"`)
	}))
	_, err := newClient(t, flocker.Options{URL: s.URL}).Version(ctx)
	if s.Close(); asked != 3 {
		t.Errorf("%d requests", asked)
	}
	if err == nil || !strings.Contains(err.Error(), "500 Internal Server Error: 38d6cc10; gave up after") || !strings.Contains(err.Error(), "not ready within 2s") {
		t.Errorf("%v", err)
	}
}

func TestLeaseIsNeverSentTwice(t *testing.T) {
	t.Parallel()
	c, asked := script(t, reply{}, reply{200, "", lease})
	_, err := c.AcquireLease(t.Context(), ds, node1, time.Minute)
	if err == nil || len(asked()) != 1 || !flocker.MayBeApplied(err) {
		t.Errorf("%v, %d requests", err, len(asked()))
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, flocker.Options{URL: "http://" + l.Addr().String()})
	_, err = c.AcquireLease(t.Context(), ds, node1, time.Minute)
	if err == nil || flocker.MayBeApplied(err) || flocker.IsPermanent(err) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v; may be applied %v", err, flocker.MayBeApplied(err))
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	defer s.Close()
	defer close(released)
	c := newClient(t, flocker.Options{URL: s.URL, Timeout: time.Second})
	_, err := c.AcquireLease(t.Context(), ds, node1, time.Minute)
	if err == nil || !strings.Contains(err.Error(), "no answer within 1s") || !flocker.MayBeApplied(err) {
		t.Errorf("%v", err)
	}
}

func TestAnswerTooLong(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 20 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	c := newClient(t, flocker.Options{URL: s.URL})
	_, err := c.ReleaseLease(t.Context(), ds)
	if err == nil || !strings.Contains(err.Error(), "longer than 16 MiB") {
		t.Errorf("%v", err)
	}
}

// TestConnectionIsReused also after errors: every body is read to its end.
func TestConnectionIsReused(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(strings.Repeat("x", 10000))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := newClient(t, flocker.Options{URL: s.URL})
	for range 5 {
		_, _ = c.ReleaseLease(t.Context(), ds)
	}
	if c.Close(); connections.Load() != 1 {
		t.Errorf("%d connections", connections.Load())
	}
}
