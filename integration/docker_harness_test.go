package integration_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// engines are the clusters with docker engines that tests share, one for each
// isolation; those that were started are closed in the end.
var engines = map[string]*engineCluster{"posix": {}, "linux": {}}

type engineCluster struct {
	once    sync.Once
	cluster *cluster.Minicluster
	err     error
}

func (e *engineCluster) start(isolation string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	e.cluster, e.err = launch(ctx, cluster.Options{Isolation: isolation, Docker: true})
}

// docked is the shared cluster of an isolation.
func docked(t *testing.T, isolation string) *cluster.Minicluster {
	t.Helper()
	needsOwn(t)
	e := engines[isolation]
	e.once.Do(func() { e.start(isolation) })
	if e.err != nil {
		t.Fatal(e.err)
	}
	return e.cluster
}

// closeEngines says what was wrong with them.
func closeEngines() (problems []string) {
	for _, e := range engines {
		if e.cluster == nil {
			continue
		}
		doubles, err := closeWatched(e.cluster)
		problems = append(problems, doubles...)
		if err != nil {
			problems = append(problems, err.Error())
		}
	}
	return problems
}

// inDocker runs a test on the shared cluster of each isolation.
func inDocker(t *testing.T, test func(t *testing.T, isolation string, c *cluster.Minicluster)) {
	t.Helper()
	t.Parallel()
	for isolation := range engines {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			test(t, isolation, docked(t, isolation))
		})
	}
}

// inContainer is a task that runs in a container and has a dataset at /data.
func inContainer(id, node, dataset, command string) cluster.Task {
	return cluster.Task{ID: id, Name: id, Node: node, Command: command, Labels: map[string]string{
		"flocker.image": cluster.Image, "flocker.volume": dataset + ":/data:size=64MiB",
	}}
}

// countingIn is counting, in a container, whose process 1 obeys SIGTERM only if
// it says so.
var countingIn = "trap 'exit 143' TERM\n" + strings.ReplaceAll(counting, "data/log", "/data/log")

func engineOf(t *testing.T, c *cluster.Minicluster, node string) *cluster.Engine {
	t.Helper()
	e, err := c.Engine(node)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.API.Close() })
	return e
}

// containers of a task, also those that do not run.
func containers(ctx context.Context, e *cluster.Engine, taskID string) ([]container.Summary, error) {
	found, err := e.API.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", docker.LabelTask+"="+taskID),
	})
	return found.Items, err
}

// theContainer is the task's only one.
func theContainer(t *testing.T, e *cluster.Engine, taskID string) container.Summary {
	t.Helper()
	found, err := containers(deadline(t), e, taskID)
	if err != nil || len(found) != 1 {
		t.Fatalf("task %s has containers %+v, want one (%v)", taskID, found, err)
	}
	return found[0]
}

// dead waits until no process of a container is left, whatever its engine says.
func dead(t *testing.T, container string) {
	t.Helper()
	eventually(t, "container "+container+" is dead", func() error {
		all, err := filepath.Glob("/proc/[0-9]*/cgroup")
		for _, path := range all {
			if text, e := os.ReadFile(path); e == nil && strings.Contains(string(text), container) {
				err = errors.Join(err, fmt.Errorf("alive: %s", filepath.Dir(path)))
			}
		}
		return err
	})
}

// noContainer asserts that no node has one of the task, and no process of it.
func noContainer(t *testing.T, c *cluster.Minicluster, taskID string) {
	t.Helper()
	for _, n := range c.Nodes() {
		e := engineOf(t, c, n.Name)
		eventually(t, "no container of "+taskID+" is left on "+n.Name, func() error {
			found, err := containers(context.Background(), e, taskID)
			if err == nil && len(found) > 0 {
				err = fmt.Errorf("there is %s (%s)", found[0].Names, found[0].Status)
			}
			return err
		})
	}
	noProcess(t, c, taskID)
}

// nothingOf asserts what every ending of a task in a container must leave.
func nothingOf(t *testing.T, c *cluster.Minicluster, taskID string, datasets ...string) {
	t.Helper()
	noContainer(t, c, taskID)
	gone(t, c, datasets...)
	oneTerminal(t, c, taskID)
}

// removedAt is when the engine removed the task's container.
func removedAt(t *testing.T, e *cluster.Engine, taskID string) time.Time {
	t.Helper()
	return eventAt(t, e, "destroy", taskID)
}

// eventAt is when the engine told of an event of the task's container.
func eventAt(t *testing.T, e *cluster.Engine, event, taskID string) time.Time {
	t.Helper()
	ctx := deadline(t)
	events := e.API.Events(ctx, client.EventsListOptions{
		Since: "0", Until: fmt.Sprint(time.Now().Unix() + 1),
		Filters: make(client.Filters).Add("event", event).Add("label", docker.LabelTask+"="+taskID),
	})
	select {
	case m := <-events.Messages:
		return time.Unix(0, m.TimeNano)
	case err := <-events.Err:
		t.Fatal(errors.Join(fmt.Errorf("the engine tells of no %s of task %s", event, taskID), err))
	}
	return time.Time{}
}

// runningIn submits a counter in a container and waits until it has written.
func runningIn(t *testing.T, c *cluster.Minicluster, id, node, dataset string) mesos.TaskStatus {
	t.Helper()
	submit(t, c, inContainer(id, node, dataset, countingIn))
	status := reaches(t, c, id, mesos.TASK_RUNNING)
	printed(t, c, id, "synced ")
	return status
}
