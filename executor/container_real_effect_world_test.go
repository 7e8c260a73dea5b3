package executor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// effect is what a parameter, or a field of the TaskInfo as docs/docker.md names
// it, does to a container that runs.
type effect struct {
	field   string
	options pairs
	inside  string                      // a command in the container, or what outside needs there
	outside func(*seen) (string, error) // a look from the node
	want    string
}

// seen is a running container.
type seen struct {
	t *testing.T
	e *dockertest.Engine
	c container.InspectResponse
}

// crowd is a container with many effects, which do not disturb each other.
type crowd struct {
	name    string
	network mesos.ContainerInfo_DockerInfo_Network
	change  func(t *testing.T, e *dockertest.Engine, task *mesos.TaskInfo)
	effects func(t *testing.T) []effect
	image   string // "": busybox
	beside  bool   // a container named other is in the bridge
	end     string // the message after SIGUSR1, in place of SIGKILL
}

// task has a script that says what is inside, then waits for its end.
func (c crowd) task(t *testing.T, e *dockertest.Engine, effects []effect) mesos.TaskInfo {
	t.Helper()
	script := "cd $MESOS_SANDBOX/answers\ntrap 'exit 9' USR1\n"
	for i, row := range effects {
		if row.inside != "" {
			script += fmt.Sprintf("(cd \"$OLDPWD\"; %s) > %d 2>&1\n", row.inside, i)
		}
	}
	task := shellIn(c.network, script+"touch ready\nwhile :; do sleep 0.05; done")
	for _, row := range effects {
		for _, o := range row.options {
			task.Container.Docker.Parameters = append(task.Container.Docker.Parameters, mesos.Parameter{Key: o[0], Value: o[1]})
		}
	}
	if c.image != "" {
		task.Container.Docker.Image = c.image
	}
	if c.change != nil {
		c.change(t, e, &task)
	}
	return task
}

// run sees everything that the container's options do.
func (c crowd) run(t *testing.T, e *dockertest.Engine, w *world) {
	if c.beside {
		defer startOther(t, e)()
	}
	effects := c.effects(t)
	answers := filepath.Join(w.options.Environment.Sandbox, "answers")
	if err := errors.Join(os.Mkdir(answers, 0o777), os.Chmod(answers, 0o777), os.Chmod(w.options.Environment.Sandbox, 0o755)); err != nil {
		t.Fatal(err)
	}
	s := &seen{t: t, e: e, c: w.starts(c.task(t, e, effects))}
	awaitFile(t, filepath.Join(answers, "ready"))
	for i, row := range effects {
		got, err := os.ReadFile(filepath.Join(answers, fmt.Sprint(i)))
		if row.outside != nil {
			var text string
			text, err = row.outside(s)
			got = []byte(text)
		}
		if text := strings.TrimSpace(string(got)); err != nil || text != row.want {
			t.Errorf("%s%q: %q (%v), wanted %q", row.field, row.options, text, err, row.want)
		}
	}
	if c.end == "" {
		w.stream.send(kill("t", 0))
		w.acked(mesos.TASK_KILLED)
		return
	}
	w.stream.send(kill("t", int64(time.Minute)))
	wantMessage(t, w.acked(mesos.TASK_KILLED), c.end)
}

// startOther returns the undo.
func startOther(t *testing.T, e *dockertest.Engine) func() {
	t.Helper()
	made, err := e.API.ContainerCreate(t.Context(), client.ContainerCreateOptions{
		Name: "other", Config: &container.Config{Image: "busybox", Cmd: []string{"sleep", "1000"}}, HostConfig: &container.HostConfig{NetworkMode: "bridge"},
	})
	if err == nil {
		_, err = e.API.ContainerStart(t.Context(), made.ID, client.ContainerStartOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := e.API.ContainerRemove(t.Context(), made.ID, client.ContainerRemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	}
}

// told is what docker inspect says, for what is to be seen there alone.
func told(what func(container.InspectResponse) any) func(*seen) (string, error) {
	return func(s *seen) (string, error) {
		found, err := s.e.API.ContainerInspect(s.t.Context(), s.c.ID, client.ContainerInspectOptions{})
		if err != nil {
			return "", err
		}
		text, err := json.Marshal(what(found.Container))
		return string(bytes.Trim(text, `"`)), err
	}
}

// cgroup is a file of the container's cgroup.
func cgroup(controller, file string) func(*seen) (string, error) {
	return func(s *seen) (string, error) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", s.c.State.Pid))
		for line := range strings.Lines(string(text)) {
			f := strings.SplitN(strings.TrimSpace(line), ":", 3)
			if strings.Contains(","+f[1]+",", ","+controller+",") {
				text, err = os.ReadFile(filepath.Join("/sys/fs/cgroup", controller, f[2], file))
				return string(text), err
			}
		}
		return "", errors.Join(err, fmt.Errorf("no cgroup of %s", controller))
	}
}

// within is the line of a look that begins with some text.
func within(look func(*seen) (string, error), prefix string) func(*seen) (string, error) {
	return func(s *seen) (string, error) {
		text, err := look(s)
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, prefix) {
				return line, err
			}
		}
		return "", err
	}
}

// proc is a file of the container's first process.
func proc(file string) func(*seen) (string, error) {
	return func(s *seen) (string, error) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.c.State.Pid, file))
		return string(text), err
	}
}

// namespace says whose the container's is.
func namespace(kind string) func(*seen) (string, error) {
	return func(s *seen) (string, error) {
		its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", s.c.State.Pid, kind))
		node, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", s.e.PID(), kind))
		if its == node {
			return "the node's", errors.Join(err, err2)
		}
		return "its own", errors.Join(err, err2)
	}
}
