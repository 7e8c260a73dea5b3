package docker_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// An engine that refuses because somebody removes the container already has not
// removed it yet.
func TestRemoveBesideAnother(t *testing.T) {
	refusals := atomic.Int32{}
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		if q.Method != http.MethodDelete || refusals.Add(1) > 2 {
			return false
		}
		http.Error(w, `{"message":"removal of container is already in progress"}`, http.StatusConflict)
		return true
	})
	c := task(t, "sleep 1000")
	b := started(t, e, c)
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantGone(t, c.Name)
	if n := refusals.Load(); n != 3 {
		t.Errorf("asked %d times", n)
	}
}

// Nobody is told that somebody removed what this program removed.
func TestRemoveIsNoAccident(t *testing.T) {
	b := started(t, open(t, shared), task(t, "sleep 1000"))
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended(t, b)
	if strings.Contains(b.Why(), "somebody") {
		t.Errorf("why: %q", b.Why())
	}
}

// The output of a command ends a moment before the engine knows its exit code.
func TestExecEndIsKnownLater(t *testing.T) {
	early := atomic.Int32{}
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		if !is(q, http.MethodGet, "/json") || !strings.Contains(q.URL.Path, "/exec/") || early.Add(1) > 2 {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"Running":true,"ExitCode":null}`)) // the client may have gone
		return true
	})
	b := started(t, e, task(t, "sleep 1000"))
	if exit, err := b.Exec(t.Context(), []string{"sh", "-c", "exit 9"}, nil); exit != 9 || err != nil {
		t.Errorf("exit code %d, %v", exit, err)
	}
}

// A container without one of its networks is not one to start.
func TestNetworkThatRefuses(t *testing.T) {
	main, other := madeNetwork(t, "10.213.6.0/24"), madeNetwork(t, "10.213.7.0/24")
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		return is(q, http.MethodPost, "/networks/"+other+"/connect") && fails(w)
	})
	c := task(t, "true")
	c.Host.NetworkMode = container.NetworkMode(main)
	c.Networking.EndpointsConfig = map[string]*network.EndpointSettings{main: {}, other: {}}
	b := e.Body(c)
	t.Cleanup(func() {
		if err := b.Remove(cleanup(t)); err != nil {
			t.Error(err)
		}
	})
	if err := b.Create(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "connect to network "+other) {
		t.Errorf("error %v", err)
	}
}

// Where no log driver can tell what was written while the engine was away, the rest
// of the output comes all the same.
func TestLiveRestoreWithoutLog(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{LiveRestore: true})
	c := task(t, counting)
	c.Host.LogConfig = container.LogConfig{Type: "none"}
	b := started(t, open(t, d), c)
	wantOutput(t, c.Stdout, "line 10\n")
	if err := errors.Join(d.Stop(), d.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	wantGrowth(t, c.Stdout, lastLine(t, c.Stdout))
	if err := b.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b, 6)
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
}
