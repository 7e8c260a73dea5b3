package docker_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// Somebody has given the container a restart policy, and the engine is restarted:
// what the engine starts then is not the task any more, and is removed.
func TestSecondLife(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{})
	c := task(t, "sleep 1000")
	c.Config.StopSignal = "SIGKILL"
	b := started(t, open(t, d), c)
	policy := container.RestartPolicy{Name: container.RestartPolicyAlways}
	if _, err := d.API.ContainerUpdate(t.Context(), b.Name(), client.ContainerUpdateOptions{RestartPolicy: &policy}); err != nil {
		t.Fatal(err)
	}
	if err := d.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, known := ended(t, b); known || !strings.Contains(b.Why(), "started again") {
		t.Errorf("status %#x, known: %v, why: %q", status, known, b.Why())
	}
	found, err := d.API.ContainerInspect(t.Context(), b.Name(), client.ContainerInspectOptions{})
	if err != nil || !found.Container.State.Running || found.Container.State.Pid == b.Running().PID {
		t.Fatalf("the second life: %+v, %v", found.Container.State, err)
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if running(found.Container.State.Pid) {
		t.Error("the second life goes on")
	}
}

// An engine that is asked to restart the container may tell the status of the
// second life, which is 0, for that of the first.
func TestStatusOfASecondLife(t *testing.T) {
	restarted := make(chan struct{})
	e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
		if !is(q, http.MethodPost, "/wait") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-restarted:
			_, _ = w.Write([]byte(`{"StatusCode":0}`)) // the client may have gone
		case <-q.Context().Done():
		}
		return true
	})
	c := task(t, "sleep 1000")
	c.Config.StopSignal = "SIGKILL"
	b := started(t, e, c)
	if _, err := shared.API.ContainerRestart(t.Context(), b.Name(), client.ContainerRestartOptions{}); err != nil {
		t.Fatal(err)
	}
	close(restarted)
	if status, known := ended(t, b); known || !strings.Contains(b.Why(), "started again") {
		t.Errorf("status %#x, known: %v, why: %q", status, known, b.Why())
	}
}
