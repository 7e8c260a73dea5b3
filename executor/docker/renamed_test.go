package docker_test

import (
	"syscall"
	"testing"

	"github.com/moby/moby/client"
)

// Somebody gives a running container another name: it is still the task's.
func TestRenamedByHand(t *testing.T) {
	c := task(t, traps)
	b := started(t, open(t, shared), c)
	wantOutput(t, c.Stdout, "ready")
	if _, err := shared.API.ContainerRename(t.Context(), c.Name, client.ContainerRenameOptions{NewName: "renamed"}); err != nil {
		t.Fatal(err)
	}
	if code, err := b.Exec(t.Context(), []string{"true"}, nil); code != 0 || err != nil {
		t.Errorf("a command in it: status %d, %v", code, err)
	}
	if err := b.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b, 3)
	if b.Why() != "" {
		t.Errorf("why: %q", b.Why())
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantGone(t, "renamed")
}
