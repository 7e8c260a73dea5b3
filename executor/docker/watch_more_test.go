package docker_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// An engine whose answer about the end breaks off, and that then answers one request
// and not the other, is asked again.
func TestEndIsAskedForAgain(t *testing.T) {
	t.Parallel() // the output has five seconds to end
	waits := atomic.Int32{}
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		if !is(q, http.MethodPost, "/wait") {
			return false
		}
		switch n := waits.Add(1); {
		case n == 1:
			w.WriteHeader(http.StatusOK)
			return true // without a word
		case n < 4:
			return fails(w)
		}
		return false
	})
	c := task(t, traps)
	b := started(t, e, c)
	asked := time.NewTicker(10 * time.Millisecond)
	defer asked.Stop()
	for late := time.After(30 * time.Second); waits.Load() < 4; {
		select {
		case <-asked.C:
		case <-late:
			t.Fatalf("asked %d times", waits.Load())
		}
	}
	if err := b.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b, 3)
}

// A start is over with its context, whatever request the engine does not answer.
func TestStartOfAnEngineThatStops(t *testing.T) {
	for _, end := range []string{"/attach", "/wait", "/start", "/json"} {
		t.Run(strings.TrimPrefix(end, "/"), func(t *testing.T) {
			armed := atomic.Bool{}
			e := proxied(t, func(_ http.ResponseWriter, q *http.Request) bool {
				if !armed.Load() || !strings.HasSuffix(q.URL.Path, end) {
					return false
				}
				<-q.Context().Done()
				return true
			})
			b := created(t, e, task(t, "sleep 1000"))
			armed.Store(true)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			result := make(chan error, 1)
			go func() { _, err := b.Start(ctx); result <- err }()
			select {
			case err := <-result:
				if err == nil {
					t.Error("no error")
				}
			case <-time.After(20 * time.Second):
				t.Error("it does not return")
			}
			armed.Store(false)
		})
	}
}

var startOfContainer = regexp.MustCompile(`"StartedAt": ?"[^"]*"|"Pid": ?[0-9]+`)

// What the engine says of a container before it knows of its start is not what is
// told of it.
func TestStartIsKnownLater(t *testing.T) {
	c := task(t, "sleep 1000")
	early := atomic.Int32{}
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		if !is(q, http.MethodGet, "/containers/"+c.Name+"/json") || early.Add(1) > 2 {
			return false
		}
		found, err := shared.API.ContainerInspect(q.Context(), c.Name, client.ContainerInspectOptions{})
		if err != nil {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(startOfContainer.ReplaceAllFunc(found.Raw, func(field []byte) []byte { // the client may have gone
			if strings.HasPrefix(string(field), `"Pid"`) {
				return []byte(`"Pid":0`)
			}
			return []byte(`"StartedAt":"0001-01-01T00:00:00Z"`)
		}))
		return true
	})
	b := created(t, e, c)
	pid, err := b.Start(t.Context())
	if err != nil || pid == 0 || b.Running().PID != pid {
		t.Errorf("process %d, %v", pid, err)
	}
}

// An engine that says nothing is given up by itself.
func TestOpenHasADeadline(t *testing.T) {
	t.Parallel() // it has ten seconds
	socket := filepath.Join(t.TempDir(), "s")
	l := listen(t, socket)
	defer func() { _ = l.Close() }()
	if _, err := docker.Open(context.WithoutCancel(t.Context()), docker.Options{Socket: socket}); !errors.Is(err, docker.ErrAbsent) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
