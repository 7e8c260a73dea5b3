package executor_test

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// A group may have containers and processes side by side, each with a sandbox,
// output files and an end of its own.
func TestGroupOfContainers(t *testing.T) {
	boxes := map[string]*box{"a": {}, "b": {}}
	asked := make(chan docker.Container, len(boxes))
	inGroup(t, func(w *world) {
		w.options.Container = func(_ context.Context, s executor.Spec) (executor.Container, error) {
			asked <- *s.Container
			return boxes[s.Task], nil
		}
	}, func(t *testing.T, w *world) {
		a, b := onHost(), onHost()
		a.TaskID.Value, b.TaskID.Value = "a", "b"
		w.stream.send(groupOf(a, b, info("c")))
		w.untilRunning("a", "b", "c")
		wantGroupContainers(t, w, <-asked, <-asked)
		w.lives["a"].exited <- 0
		wantMessage(t, w.next(mesos.TASK_FINISHED, "a")["a"], "Container exited with status 0")
		<-time.After(time.Hour)
		if !w.lives["a"].released.Load() || !boxes["a"].closed.Load() || boxes["b"].closed.Load() || len(w.result) != 0 {
			t.Errorf("a is released: %v; engines closed: %v, %v", w.lives["a"].released.Load(), boxes["a"].closed.Load(), boxes["b"].closed.Load())
		}
		w.stream.send(kill("b"))
		for _, id := range []string{"b", "c"} {
			w.lives[id].signalled(t, syscall.SIGTERM)
			w.lives[id].exited <- syscall.WaitStatus(syscall.SIGTERM)
		}
		ends := w.next(mesos.TASK_KILLED, "b", "c")
		wantMessage(t, ends["b"], "Container terminated with signal Terminated")
		wantMessage(t, ends["c"], "Command terminated with signal Terminated")
		if err := w.ended(); err != nil || !boxes["b"].closed.Load() {
			t.Errorf("%v; engine of b is closed: %v", err, boxes["b"].closed.Load())
		}
	}, "a", "b", "c")
}

// wantGroupContainers: two containers with a name, a sandbox and files of their own.
func wantGroupContainers(t *testing.T, w *world, one, two docker.Container) {
	t.Helper()
	if one.Name == two.Name {
		t.Errorf("both are %s", one.Name)
	}
	for _, c := range []docker.Container{one, two} {
		dir := filepath.Join(w.options.Environment.Sandbox, "tasks", c.Config.Labels[docker.LabelTask])
		if c.Sandbox != dir || c.Stdout != dir+"/stdout" || c.Stderr != dir+"/stderr" {
			t.Errorf("sandbox %s, output %s, %s; want those of %s", c.Sandbox, c.Stdout, c.Stderr, dir)
		}
	}
}
