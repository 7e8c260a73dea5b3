package docker_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// Files of a container that its engine cannot remove hold nothing up: it is dead,
// and the engine does not start it again.
func TestRemains(t *testing.T) {
	t.Parallel()
	c := task(t, "sleep 1000")
	b := started(t, open(t, shared), c)
	file := filepath.Join(shared.Dir, "data", "containers", b.Running().ID, "hostname")
	change := func(how string) {
		if out, err := exec.Command("chattr", how, file).CombinedOutput(); err != nil {
			t.Fatalf("chattr: %v: %s", err, out)
		}
	}
	change("+i")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := b.Remove(ctx)
	change("-i")
	if err != nil {
		t.Error(err)
	}
	if running(b.Running().PID) {
		t.Error("its process lives on")
	}
	if _, err := shared.API.ContainerStart(t.Context(), c.Name, client.ContainerStartOptions{}); err == nil {
		t.Error("it was started again")
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Error(err)
	}
	wantGone(t, c.Name)
}
