package docker_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"syscall"
	"testing"

	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

var pidOfContainer = regexp.MustCompile(`"Pid": ?[0-9]+`)

// An engine in another PID namespace names processes that are somebody else's out
// here: none is taken for the container's, watched, entered or killed.
func TestContainersProcessIsNotAStranger(t *testing.T) {
	other := newStranger(t)
	c := task(t, "echo ready; sleep 1000")
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		if !is(q, http.MethodGet, "/containers/"+c.Name+"/json") {
			return false
		}
		found, err := shared.API.ContainerInspect(q.Context(), c.Name, client.ContainerInspectOptions{})
		if err != nil {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(pidOfContainer.ReplaceAll(found.Raw, fmt.Appendf(nil, `"Pid":%d`, other.pid))) // the client may have gone
		return true
	})
	b := created(t, e, c)
	if pid, err := b.Start(t.Context()); pid != 0 || err != nil {
		t.Errorf("start: process %d, %v", pid, err)
	}
	wantOutput(t, c.Stdout, "ready")
	if _, err := b.Dial(t.Context(), "tcp", "127.0.0.1:1"); !errors.Is(err, docker.ErrHidden) {
		t.Errorf("dial: %v", err)
	}
	if err := b.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	wantStatus(t, b, 137)
	if err := b.Remove(t.Context()); err != nil {
		t.Error(err)
	}
	other.wantAlive(t)
}
