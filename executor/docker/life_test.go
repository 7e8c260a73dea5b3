package docker_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

var _ volumes.Body = (*docker.Body)(nil)

func ended(t *testing.T, b *docker.Body) (status syscall.WaitStatus, known bool) {
	t.Helper()
	select {
	case status, known = <-b.Exited():
		return status, known
	case <-time.After(30 * time.Second):
		t.Fatal("the container's end was not told")
		return 0, false
	}
}

func wantStatus(t *testing.T, b *docker.Body, code int) {
	t.Helper()
	status, known := ended(t, b)
	if !known || !status.Exited() || status.ExitStatus() != code {
		t.Fatalf("status %#x (known: %v, why: %q), want exit status %d", status, known, b.Why(), code)
	}
}

func TestLife(t *testing.T) {
	e := open(t, shared)
	c := task(t, "echo out; echo err >&2; exit 7")
	if err := e.Prepare(t.Context(), c, func(s string) { t.Error("report for an image that is there:", s) }); err != nil {
		t.Fatal(err)
	}
	b := started(t, e, c)
	wantStatus(t, b, 7)
	if out, err := contents(t, c.Stdout), contents(t, c.Stderr); out != "out\n" || err != "err\n" {
		t.Errorf("stdout %q, stderr %q", out, err)
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, open := <-b.Exited(); open {
		t.Error("a second status")
	}
}
