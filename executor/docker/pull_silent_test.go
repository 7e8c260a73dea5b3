package docker_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// A registry that begins to answer and never goes on does not keep a task, and the
// volumes that it holds already, for ever.
func TestPullFromASilentRegistry(t *testing.T) {
	t.Parallel()
	e, err := docker.Open(t.Context(), docker.Options{Socket: shared.Socket, PullSilence: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	over := make(chan struct{})
	r := dockertest.NewRegistry(t)
	r.Blob = func(http.ResponseWriter, []byte) { <-over }
	t.Cleanup(func() { close(over) })
	err = e.Prepare(t.Context(), image(t, push(t, r, "silent:1", 1<<20)), func(string) {})
	if !errors.Is(err, docker.ErrRegistryUnreachable) || !strings.Contains(err.Error(), "nothing has come for 1s") {
		t.Errorf("error %v", err)
	}
}
