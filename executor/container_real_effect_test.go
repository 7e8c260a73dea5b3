package executor_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// crowds of effects. Every parameter is in one of them, or in strange.
var crowds = []crowd{
	{name: "process", network: noNetwork, effects: processEffects},
	{name: "terminal", network: noNetwork, effects: terminalEffects, end: "Container exited with status 9"},
	{name: "health", network: noNetwork, effects: healthEffects},
	{name: "no health", network: noNetwork, effects: noHealthEffects, image: "checked"},
	{name: "rights", network: noNetwork, effects: rightsEffects},
	{name: "open", network: hostNetwork, effects: openEffects},
	{name: "resources", network: noNetwork, effects: resourceEffects},
	{name: "cpus", network: noNetwork, effects: cpusEffects},
	{name: "limits", network: noNetwork, effects: limitEffects, change: limited(0.5, 64, 1.5, 128)},
	{name: "no limits", network: noNetwork, effects: unlimitedEffects, change: limited(0.001, 8, math.Inf(1), math.Inf(1))},
	{name: "requests", network: noNetwork, effects: requestEffects, change: limited(1, 8, -1, -1)},
	{name: "names", network: hostNetwork, effects: nameEffects, change: withPorts, beside: true},
	{name: "addresses", network: userNetwork, effects: addressEffects, change: inNetworks(mesos.NetworkInfo{Name: ptr("a")})},
	{name: "networks", network: userNetwork, effects: infoEffects, change: inNetworks(mesos.NetworkInfo{
		Name: ptr("web"), IPAddresses: []mesos.NetworkInfo_IPAddress{{IPAddress: ptr("10.214.0.77")}},
	}, mesos.NetworkInfo{Name: ptr("b")})},
	{name: "files", network: noNetwork, effects: fileEffects},
	{name: "driver", network: noNetwork, effects: driverEffects, change: func(_ *testing.T, _ *dockertest.Engine, task *mesos.TaskInfo) {
		task.Container.Docker.VolumeDriver = ptr("local")
		task.Container.Volumes = []mesos.Volume{hostPath("by-name", "/by-name")}
	}},
	{name: "fields", network: noNetwork, effects: volumeEffects, change: withFields},
}

func inNetworks(all ...mesos.NetworkInfo) func(*testing.T, *dockertest.Engine, *mesos.TaskInfo) {
	return func(_ *testing.T, _ *dockertest.Engine, task *mesos.TaskInfo) { task.Container.NetworkInfos = all }
}

// strange are parameters that this engine or kernel cannot do: the task fails
// with the engine's words; or the engine makes the container without, and its
// warning is in the log; or where a container can be made and only some machines
// start it, the engine has been told.
var strange = []struct {
	options pairs
	words   string
	made    func(container.InspectResponse) string
}{
	{pairs{{"gpus", "all"}}, `could not select device driver "" with capabilities: [[gpu]]`, nil},
	{pairs{{"storage-opt", "size=1G"}}, "--storage-opt is supported only for overlay over xfs", nil},
	{pairs{{"cpu-rt-period", "1000000"}, {"cpu-rt-runtime", "900000"}}, "cpu.rt_runtime_us", nil},
	{pairs{{"blkio-weight", "300"}}, "does not support Block I/O weight", warning},
	{pairs{{"blkio-weight-device", "/dev/null:300"}}, "does not support Block I/O weight_device", warning},
	{pairs{{"privileged", "true"}}, "true", func(c container.InspectResponse) string { return fmt.Sprint(c.HostConfig.Privileged) }},
	{pairs{{"runtime", "nosuch"}}, "Unknown runtime specified nosuch", nil},
	{pairs{{"link", "nosuch"}, {"network", "bridge"}}, "could not get container for nosuch", nil},
	{pairs{{"log-opt", "nosuch=1"}}, "unknown log opt 'nosuch' for json-file", nil},
	{pairs{{"cpuset-cpus", "999"}}, "Requested CPUs are not available", nil},
	{pairs{{"memory", "1m"}}, "Minimum memory limit allowed is 6MB", nil},
	{pairs{{"network", "nosuch"}}, "network nosuch not found", nil},
	{pairs{{"volume", "/etc/passwd:/bin"}}, "not a directory", nil},
}

// TestEffects sees what each parameter and field does to a container.
func TestEffects(t *testing.T) {
	runc, err := exec.LookPath("runc")
	if err != nil {
		t.Fatal(err)
	}
	e := dockertest.New(t, dockertest.Options{Bridge: true, Args: []string{"--add-runtime", "other=" + runc}})
	makeNetworks(t, e)
	if err := e.Import(t.Context(), "checked", `HEALTHCHECK CMD false`); err != nil {
		t.Fatal(err)
	}
	for _, c := range crowds {
		t.Run(c.name, func(t *testing.T) {
			inEngine(t, e, func(t *testing.T, w *world) { c.run(t, e, w) })
		})
	}
	t.Run("pulled again", func(t *testing.T) { pulledAgain(t, e) })
	for _, s := range strange {
		t.Run(s.options[0][0]+" "+s.options[0][1], func(t *testing.T) {
			if s.made != nil {
				if got := makes(t, e, s.options, s.made); !strings.Contains(got, s.words) {
					t.Errorf("%q, wanted %q", got, s.words)
				}
				return
			}
			inEngine(t, e, func(t *testing.T, w *world) {
				w.stream.send(launch(crowd{network: noNetwork}.task(t, nil, []effect{{options: s.options}})))
				w.acked(mesos.TASK_STARTING)
				wantMessage(t, w.acked(mesos.TASK_FAILED), s.words)
			})
		})
	}
}

// warning: what the log says is looked at.
func warning(container.InspectResponse) string { return "" }

// makes a container and does not start it: what the engine makes of it, and the
// engine's warnings.
func makes(t *testing.T, e *dockertest.Engine, options pairs, what func(container.InspectResponse) string) string {
	t.Helper()
	o := dockerOptions()
	o.Sandbox, o.Environ = t.TempDir(), nil
	s, err := executor.NewSpec(t.Context(), crowd{network: noNetwork}.task(t, nil, []effect{{options: options}}), o)
	if err != nil {
		t.Fatal(err)
	}
	core, logged := observer.New(zap.WarnLevel)
	engine, err := docker.Open(t.Context(), docker.Options{Socket: e.Socket, Log: zap.New(core), SelfCgroup: []byte("0::/\n")})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	body := engine.Body(*s.Container)
	err = body.Create(t.Context(), nil)
	found, inspect := e.API.ContainerInspect(t.Context(), body.Name(), client.ContainerInspectOptions{})
	if err := errors.Join(err, inspect, body.Remove(t.Context())); err != nil {
		t.Fatal(err)
	}
	text := what(found.Container)
	for _, l := range logged.All() {
		text += l.Message
	}
	return text
}

// pulledAgain: the image is there, and the registry is asked all the same.
func pulledAgain(t *testing.T, e *dockertest.Engine) {
	r := dockertest.NewRegistry(t)
	image, err := r.Push("app:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	pull, err := e.API.ImagePull(t.Context(), image, client.ImagePullOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, pull); err != nil {
		t.Fatal(err)
	}
	for _, force := range []bool{false, true} {
		inEngine(t, e, func(t *testing.T, w *world) {
			before := r.Requests()
			task := shellIn(noNetwork, "exit 0")
			task.Container.Docker.Image, task.Container.Docker.ForcePullImage = image, &force
			w.running(task)
			w.acked(mesos.TASK_FINISHED)
			if asked := r.Requests() > before; asked != force {
				t.Errorf("force_pull_image %v: asked the registry: %v", force, asked)
			}
		})
	}
}
