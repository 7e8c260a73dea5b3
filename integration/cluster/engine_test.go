package cluster

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Every node has an engine of its own, which no other and not the machine sees,
// and which goes with everything of it, containers included, even after it was
// killed or hangs.
func TestEngines(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	c, err := Start(ctx, Options{Executor: "/bin/true", Dir: dir, Docker: true, Isolation: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if found := bridges(t, c); len(found) != len(c.Nodes()) {
		t.Fatalf("bridges of %d nodes: %v", len(c.Nodes()), found)
	}
	for i, n := range c.Nodes() {
		e, err := c.Engine(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = e.API.Close() }()
		runs(ctx, t, e.API, n.Name)
		if err := []func() error{e.Kill, e.Pause}[i](); err != nil {
			t.Error(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	for point := range table(t, "self") {
		if strings.Contains(point, c.groups()) {
			t.Errorf("mounted on the machine: %s", point)
		}
	}
	if left := bridges(t, c); len(left) > 0 {
		t.Errorf("bridges left: %v", left)
	}
	if left, err := groups(c.groups()); err != nil || len(left) > 0 {
		t.Errorf("cgroups left: %v (%v)", left, err)
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		if line, err := os.ReadFile(p); err == nil && strings.Contains(string(line), c.groups()) {
			t.Errorf("left running: %q", line)
		}
	}
}

// runs starts a container and asserts that it is the node's only one.
func runs(ctx context.Context, t *testing.T, api *client.Client, node string) {
	t.Helper()
	_, err := api.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: node, Config: &container.Config{Image: Image, Cmd: []string{"sleep", "1000"}},
		HostConfig: &container.HostConfig{NetworkMode: "bridge"},
	})
	if err == nil {
		_, err = api.ContainerStart(ctx, node, client.ContainerStartOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	all, err := api.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil || len(all.Items) != 1 || all.Items[0].State != "running" {
		t.Errorf("containers of %s: %+v (%v)", node, all, err)
	}
}

// bridges lists those of a cluster's engines; other tests have clusters of their own.
func bridges(t *testing.T, c *Minicluster) []string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range all {
		if strings.HasPrefix(i.Name, "mc"+strings.TrimPrefix(c.groups(), "minicluster-")+"-") {
			names = append(names, i.Name)
		}
	}
	return names
}

// A stopped engine can be started again and has what it had.
func TestEngineRestarts(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, err := Start(ctx, Options{Executor: "/bin/true", Dir: t.TempDir(), Docker: true, Nodes: 1, DockerArgs: []string{"--live-restore"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	e, err := c.Engine("node-1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.API.Close() }()
	runs(ctx, t, e.API, "survivor")
	for _, end := range []func() error{e.Stop, e.Kill} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := e.Start(ctx); err != nil {
			t.Fatal(err)
		}
		found, err := e.API.ContainerInspect(ctx, "survivor", client.ContainerInspectOptions{})
		if err != nil || !found.Container.State.Running {
			t.Errorf("the container did not survive: %+v (%v)", found.Container.State, err)
		}
	}
}
