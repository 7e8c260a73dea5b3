package docker_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// is tells a request by its method and the end of its path.
func is(q *http.Request, method, end string) bool {
	return q.Method == method && strings.HasSuffix(q.URL.Path, end)
}

// An image that cannot be looked for is neither there nor missing.
func TestImageThatCannotBeLookedFor(t *testing.T) {
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		return is(q, http.MethodGet, "/images/busybox:latest/json") && fails(w)
	})
	err := e.Prepare(t.Context(), task(t, ""), func(s string) { t.Error("told", s) })
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("error %v", err)
	}
}

// What the engine does not say is gone is not gone.
func TestRemovalThatIsNotProved(t *testing.T) {
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		return is(q, http.MethodGet, "/json") && strings.Contains(q.URL.Path, "/containers/") && fails(w)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := e.Body(task(t, "true")).Remove(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// A name that is no image's is refused, however it has come so far.
func TestCreateWithoutImage(t *testing.T) {
	c := task(t, "true")
	c.Image.Reference = "no image"
	if err := open(t, shared).Body(c).Create(t.Context(), nil); err == nil || !strings.Contains(err.Error(), `image "no image"`) {
		t.Errorf("error %v", err)
	}
}

// A container of that name without labels is somebody's; so is one that cannot be
// looked at.
func TestNameConflictWithoutLabels(t *testing.T) {
	c := task(t, "sleep 1000")
	c.Config.Labels = nil
	created(t, open(t, shared), c)
	for _, labels := range []map[string]string{nil, {"task": "ours"}} {
		c.Config.Labels = labels
		if err := open(t, shared).Body(c).Create(t.Context(), nil); !errors.Is(err, docker.ErrName) {
			t.Errorf("labels %v: %v", labels, err)
		}
	}
	blind := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		return is(q, http.MethodGet, c.Name+"/json") && fails(w)
	})
	if err := blind.Body(c).Create(t.Context(), nil); err == nil || errors.Is(err, docker.ErrName) {
		t.Errorf("one that cannot be looked at: %v", err)
	}
}

// One that is gone when it is looked at gave the name free.
func TestNameConflictThatPasses(t *testing.T) {
	conflict := atomic.Bool{}
	conflict.Store(true)
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		if !is(q, http.MethodPost, "/containers/create") || !conflict.Swap(false) {
			return false
		}
		http.Error(w, `{"message":"Conflict. The container name is already in use"}`, http.StatusConflict)
		return true
	})
	created(t, e, task(t, "true"))
}

// What is not delivered is tried again.
func TestSignalIsTriedAgain(t *testing.T) {
	failures := atomic.Int32{}
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		return is(q, http.MethodPost, "/kill") && failures.Add(1) <= 2 && fails(w)
	})
	c := task(t, traps)
	b := started(t, e, c)
	wantOutput(t, c.Stdout, "ready")
	if err := b.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b, 3)
}

// The engine is trusted to say which process a command has, and not whose it is:
// it may count them in another PID namespace.
func TestExecKillsNoStranger(t *testing.T) {
	other := newStranger(t)
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		if !is(q, http.MethodGet, "/json") || !strings.Contains(q.URL.Path, "/exec/") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"Running":true,"Pid":` + itoa(other.pid) + `}`)) // the client may have gone
		return true
	})
	b := started(t, e, task(t, "sleep 1000"))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := b.Exec(ctx, []string{"sleep", "1000"}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	other.wantAlive(t)
}

// The context of Open bounds the opening alone.
func TestEngineOutlivesItsOpening(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e, err := docker.Open(ctx, docker.Options{Socket: shared.Socket, SelfCgroup: []byte("0::/\n")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	cancel()
	wantStatus(t, started(t, e, task(t, "exit 5")), 5)
}
