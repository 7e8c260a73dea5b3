package docker_test

import (
	"context"
	"errors"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

func wantGone(t *testing.T, name string) {
	t.Helper()
	if _, err := shared.API.ContainerInspect(t.Context(), name, client.ContainerInspectOptions{}); !errdefs.IsNotFound(err) {
		t.Errorf("%s is still there: %v", name, err)
	}
}

func TestRemove(t *testing.T) {
	e := open(t, shared)
	for name, prepare := range map[string]func(docker.Container) *docker.Body{
		"never created": e.Body,
		"created":       func(c docker.Container) *docker.Body { return created(t, e, c) },
		"running":       func(c docker.Container) *docker.Body { return started(t, e, c) },
	} {
		t.Run(name, func(t *testing.T) {
			c := task(t, "sleep 1000")
			b := prepare(c)
			for range 2 {
				if err := b.Remove(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			wantGone(t, c.Name)
			ended(t, b)
		})
	}
}

func TestRemoveByName(t *testing.T) {
	c := task(t, "sleep 1000")
	b := started(t, open(t, shared), c)
	results := make(chan error)
	for range 3 { // the keeper and a recovery may meet
		go func() { results <- docker.Remove(t.Context(), shared.Socket, c.Name) }()
	}
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	wantGone(t, c.Name)
	wantStatus(t, b, 137)
	if b.Why() != "somebody removed the container" {
		t.Errorf("why: %q", b.Why())
	}
}

func TestRemoveWithoutEngine(t *testing.T) {
	err := docker.Remove(t.Context(), t.TempDir()+"/none", "flocker-x")
	if !errors.Is(err, docker.ErrAbsent) {
		t.Errorf("error %v", err)
	}
}

func TestRemoveGivesUpWithItsContext(t *testing.T) {
	b := open(t, shared).Body(task(t, "true"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Remove(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A volume that the image declares is made for each container, and goes with it.
func TestRemoveTakesTheImagesVolumes(t *testing.T) {
	if err := shared.Import(t.Context(), "with-volume", "VOLUME /data"); err != nil {
		t.Fatal(err)
	}
	c := task(t, "true")
	c.Image.Reference = "with-volume"
	b := started(t, open(t, shared), c)
	if n := volumesOf(t); n != 1 {
		t.Errorf("%d volumes while it runs", n)
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := volumesOf(t); n != 0 {
		t.Errorf("%d volumes left", n)
	}
}

func volumesOf(t *testing.T) int {
	t.Helper()
	all, err := shared.API.VolumeList(t.Context(), client.VolumeListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return len(all.Items)
}
