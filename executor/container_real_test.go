package executor_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// TestRealContainers has one engine for all, which none of them harms for good.
func TestRealContainers(t *testing.T) {
	e := dockertest.New(t, dockertest.Options{})
	for name, test := range map[string]func(*testing.T, *dockertest.Engine, *world){
		"finishes":          realEnd("exit 0", mesos.TASK_FINISHED, "Container exited with status 0"),
		"fails":             realEnd("exit 3", mesos.TASK_FAILED, "Container exited with status 3"),
		"runs":              realRunning,
		"obeys SIGTERM":     realKill("trap 'exit 7' TERM; touch $MESOS_SANDBOX/ready; while :; do sleep 0.05; done", "Container exited with status 7"),
		"ignores SIGTERM":   realKill("trap '' TERM; touch $MESOS_SANDBOX/ready; while :; do sleep 1; done", "Container exited with status 137"),
		"removed by hand":   realRemoval,
		"no such image":     realMissingImage,
		"checks go inside":  realChecks,
		"the engine hangs":  realHang,
		"the engine is not": realAbsence,
	} {
		t.Run(name, func(t *testing.T) {
			inEngine(t, e, func(t *testing.T, w *world) { test(t, e, w) })
		})
	}
}

func realEnd(script string, state mesos.TaskState, message string) func(*testing.T, *dockertest.Engine, *world) {
	return func(t *testing.T, _ *dockertest.Engine, w *world) {
		w.running(shellIn(mesos.ContainerInfo_DockerInfo_HOST, script))
		if end := w.acked(state); end.GetMessage() != message {
			t.Errorf("message %q, wanted %q", end.GetMessage(), message)
		}
	}
}

// starts sees the container run, and returns what RUNNING says of it.
func (w *world) starts(task mesos.TaskInfo) container.InspectResponse {
	w.t.Helper()
	w.stream.send(launch(task))
	w.acked(mesos.TASK_STARTING)
	var found []container.InspectResponse
	if err := json.Unmarshal(w.acked(mesos.TASK_RUNNING).Data, &found); err != nil || len(found) != 1 {
		w.t.Fatalf("data of RUNNING: %v", err)
	}
	return found[0]
}

func realRunning(t *testing.T, _ *dockertest.Engine, w *world) {
	found := w.starts(shellIn(mesos.ContainerInfo_DockerInfo_HOST, "sleep 1000"))
	if !found.State.Running || !strings.HasPrefix(found.Name, "/flocker-") {
		t.Errorf("%s: %+v", found.Name, found.State)
	}
	w.stream.send(kill("t", 0))
	w.acked(mesos.TASK_KILLED)
}

func realKill(script, message string) func(*testing.T, *dockertest.Engine, *world) {
	return func(t *testing.T, _ *dockertest.Engine, w *world) {
		w.running(shellIn(mesos.ContainerInfo_DockerInfo_HOST, script))
		awaitFile(t, filepath.Join(w.options.Environment.Sandbox, "ready"))
		grace := int64(1e9)
		w.stream.send(kill("t", grace))
		if end := w.acked(mesos.TASK_KILLED); end.GetMessage() != message {
			t.Errorf("message %q, wanted %q", end.GetMessage(), message)
		}
	}
}

func realRemoval(t *testing.T, e *dockertest.Engine, w *world) {
	found := w.starts(shellIn(mesos.ContainerInfo_DockerInfo_HOST, "sleep 1000"))
	if _, err := e.API.ContainerRemove(t.Context(), found.ID, client.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, w.acked(mesos.TASK_FAILED), "somebody removed the container")
}

func realMissingImage(t *testing.T, _ *dockertest.Engine, w *world) {
	task := shellIn(mesos.ContainerInfo_DockerInfo_HOST, "true")
	task.Container.Docker.Image = "localhost:1/nowhere"
	w.stream.send(launch(task))
	w.acked(mesos.TASK_STARTING)
	end := w.acked(mesos.TASK_FAILED)
	wantMessage(t, end, "localhost:1/nowhere", "unreachable")
	wantReason(t, end, reason(mesos.REASON_CONTAINER_LAUNCH_FAILED))
}

// The port is open in the container's network namespace alone.
func realChecks(t *testing.T, _ *dockertest.Engine, w *world) {
	task := shellIn(mesos.ContainerInfo_DockerInfo_NONE, "touch /inside; exec httpd -f -p 127.0.0.1:8642 -h /etc")
	path, word, shell, now, interval := "/passwd", "test -e /inside && exit 9", true, 0.0, 0.1
	task.Check = &mesos.CheckInfo{
		Type: mesos.CheckInfo_COMMAND, DelaySeconds: &now, IntervalSeconds: &interval,
		Command: &mesos.CheckInfo_Command{Command: mesos.CommandInfo{Value: &word, Shell: &shell}},
	}
	grace, failures := 0.0, uint32(1000)
	task.HealthCheck = &mesos.HealthCheck{
		Type: mesos.HealthCheck_HTTP, DelaySeconds: &now, IntervalSeconds: &interval, GracePeriodSeconds: &grace, ConsecutiveFailures: &failures,
		HTTP: &mesos.HealthCheck_HTTPCheckInfo{Port: 8642, Path: &path},
	}
	w.running(task)
	healthy, exit := false, int32(0)
	for range 100 {
		s := w.acked(mesos.TASK_RUNNING)
		if healthy, exit = healthy || s.GetHealthy(), max(exit, s.GetCheckStatus().GetCommand().GetExitCode()); healthy && exit == 9 {
			break
		}
	}
	if !healthy || exit != 9 {
		t.Errorf("healthy %v, the check's exit status %d", healthy, exit)
	}
	w.stream.send(kill("t", 0))
	w.acked(mesos.TASK_KILLED)
}

// SIGKILL reaches a container whose engine hangs; its status comes when the
// engine is back.
func realHang(t *testing.T, e *dockertest.Engine, w *world) {
	found := w.starts(shellIn(mesos.ContainerInfo_DockerInfo_HOST, "trap '' TERM; while :; do sleep 1; done"))
	if err := e.Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Resume() }() // once more does no harm
	w.stream.send(kill("t", 0))
	awaitEnd(t, found.State.Pid)
	if err := e.Resume(); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, w.acked(mesos.TASK_KILLED), "Container exited with status 137")
}

func realAbsence(t *testing.T, e *dockertest.Engine, w *world) {
	socket := e.Socket
	e.Socket = filepath.Join(w.options.Environment.Sandbox, "sock")
	defer func() { e.Socket = socket }()
	w.stream.send(launch(shellIn(mesos.ContainerInfo_DockerInfo_HOST, "true")))
	w.acked(mesos.TASK_STARTING)
	wantMessage(t, w.acked(mesos.TASK_FAILED), fmt.Sprintf("--docker-socket=%s/sock", w.options.Environment.Sandbox))
}
