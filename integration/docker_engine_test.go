package integration_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// Whatever becomes of the container or its engine while the task runs: one
// terminal status, and in the end nothing is left.
func TestEngineFaults(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Docker: true, Nodes: 1})
	node := c.Nodes()[0].Name
	engine := engineOf(t, c, node)
	for _, tc := range []struct {
		name  string
		fault func(ctx context.Context, taskID string) error
		heal  func(ctx context.Context) error
	}{
		{"removed", func(ctx context.Context, id string) error {
			_, err := engine.API.ContainerRemove(ctx, theContainer(t, engine, id).ID, client.ContainerRemoveOptions{Force: true})
			return err
		}, nil},
		{"killed", func(ctx context.Context, id string) error {
			_, err := engine.API.ContainerKill(ctx, theContainer(t, engine, id).ID, client.ContainerKillOptions{Signal: "SIGKILL"})
			return err
		}, nil},
		{"keeper-killed", func(ctx context.Context, id string) error {
			if err := killKeeper(t, c, id, theContainer(t, engine, id)); err != nil {
				return err
			}
			killExecutor(t, c, id)
			return nil
		}, nil},
		{"engine-stopped", func(context.Context, string) error { return engine.Stop() }, engine.Start},
		{"engine-killed", func(ctx context.Context, id string) error {
			if err := engine.Kill(); err != nil {
				return err
			}
			return c.Kill(ctx, id, nil)
		}, engine.Start},
		{"engine-hangs", func(ctx context.Context, id string) error {
			if err := engine.Pause(); err != nil {
				return err
			}
			return c.Kill(ctx, id, nil)
		}, func(context.Context) error { return engine.Resume() }},
	} {
		id := "fault-" + tc.name
		runningIn(t, c, id, node, id)
		was := theContainer(t, engine, id)
		if err := tc.fault(deadline(t), id); err != nil {
			t.Fatal(tc.name, err)
		}
		if tc.heal != nil {
			dead(t, was.ID)
			if err := tc.heal(deadline(t)); err != nil {
				t.Fatal(tc.name, err)
			}
		}
		status, err := c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool { return framework.Terminal(s.GetState()) })
		if err != nil {
			t.Fatal(tc.name, err)
		}
		t.Logf("%s: %s: %s", tc.name, status.GetState(), status.GetMessage())
		nothingOf(t, c, id, id)
	}
	if err := engine.Stop(); err != nil {
		t.Fatal(err)
	}
	refused(t, c, inContainer("engine-absent", node, "engine-absent", "true"), "--docker-socket")
	if err := engine.Start(deadline(t)); err != nil {
		t.Fatal(err)
	}
	nothingOf(t, c, "engine-absent")
}

// With live-restore an engine may be updated under a container, which goes on and
// ends as any other.
func TestEngineUpdated(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Docker: true, DockerArgs: []string{"--live-restore"}, Nodes: 1})
	node := c.Nodes()[0].Name
	engine := engineOf(t, c, node)
	runningIn(t, c, "updated", node, "updated")
	for _, end := range []func() error{engine.Stop, engine.Kill} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		last := lastSynced(t, c, "updated")
		if err := engine.Start(deadline(t)); err != nil {
			t.Fatal(err)
		}
		printed(t, c, "updated", fmt.Sprintf("synced %d\n", last+20))
	}
	kill(t, c, "updated")
	nothingOf(t, c, "updated", "updated")
}

// keepersOf finds the processes that outlive a container's executor.
func keepersOf(c container.Summary) (pids []int) {
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		words, _ := os.ReadFile(path)
		if strings.HasPrefix(string(words), "flocker-keeper\x00") && strings.Contains(string(words), strings.TrimPrefix(c.Names[0], "/")) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// killKeeper returns when the task's container has another, which is ready.
func killKeeper(t *testing.T, c cluster.Cluster, taskID string, of container.Summary) error {
	was := keepersOf(of)
	if len(was) != 1 {
		return fmt.Errorf("container %s has keepers %v, want one", of.Names, was)
	}
	err := syscall.Kill(was[0], syscall.SIGKILL)
	eventually(t, "there is another keeper", func() error {
		said, err := output(c, taskID, "stderr")
		if err == nil && !strings.Contains(said, "there is another keeper") {
			err = errors.New("the executor does not say so")
		}
		return err
	})
	return err
}
