package executor_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/keep"
)

// finishLimit bounds what is done for a test program that died.
const finishLimit = 10 * time.Second

// TestMain is also what a keeper becomes when the tests die with a container
// running.
func TestMain(m *testing.M) {
	if os.Args[0] != keep.FinishName {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithTimeout(context.Background(), finishLimit)
	defer cancel()
	if err := volumes.Finish(ctx, volumes.Options{RemoveContainer: docker.Remove}, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// realBox is a container of a real engine.
type realBox struct {
	*docker.Body
	engine *docker.Engine
	c      docker.Container
}

func (b realBox) Prepare(ctx context.Context, report func(string)) error {
	return b.engine.Prepare(ctx, b.c, report)
}

func (b realBox) Close() { b.engine.Close() }

// inEngine runs a test with real connections, keepers and containers.
func inEngine(t *testing.T, e *dockertest.Engine, test func(t *testing.T, w *world)) {
	inReality(t, nil, func(t *testing.T, w *world) {
		test(t, w)
		if err := w.ended(); err != nil {
			t.Error(err)
		}
		left, err := e.API.ContainerList(t.Context(), client.ContainerListOptions{All: true})
		if err != nil || len(left.Items) > 0 {
			t.Errorf("containers left: %+v (%v)", left.Items, err)
		}
		if left := processes(t, `"engine":"`+e.Socket); left != "" {
			t.Errorf("keepers left: %s", left)
		}
	}, func(o *executor.Options) {
		o.Container = func(ctx context.Context, s executor.Spec) (executor.Container, error) {
			engine, err := docker.Open(ctx, docker.Options{Socket: e.Socket, Log: o.Log})
			if err != nil {
				return nil, err
			}
			return realBox{engine.Body(*s.Container), engine, *s.Container}, nil
		}
		o.Hold = func(ctx context.Context, s executor.Spec, report func(volumes.Progress)) (executor.Held, error) {
			return volumes.Hold(ctx, volumes.Options{
				Sandbox: s.Sandbox, Mapped: executor.MappedSandbox,
				FinishEnv: []string{"GORACE=atexit_sleep_ms=0"}, // else each of a keeper's two programs ends a second late
			}, s.Volumes, report)
		}
	})
}

// shellIn is a task whose container runs a script.
func shellIn(network mesos.ContainerInfo_DockerInfo_Network, script string) mesos.TaskInfo {
	task := boxed(network)
	task.Labels = withLabels("flocker.command", script).Labels
	return task
}

// awaitEnd polls until a process is gone, or only waited for.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for {
		select {
		case <-tick.C:
			if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err != nil || len(line) == 0 {
				return
			}
		case <-limit:
			t.Fatalf("process %d does not end", pid)
		}
	}
}
