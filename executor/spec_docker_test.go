package executor_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// withDocker is a task of type DOCKER; change may be nil.
func withDocker(change func(*mesos.TaskInfo, *mesos.ContainerInfo, *mesos.ContainerInfo_DockerInfo)) mesos.TaskInfo {
	t := info("web.1")
	d := &mesos.ContainerInfo_DockerInfo{Image: "busybox"}
	t.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum(), Docker: d}
	if change != nil {
		change(&t, t.Container, d)
	}
	return t
}

func dockerOptions() executor.SpecOptions {
	return executor.SpecOptions{LabelPrefix: "flocker.", Sandbox: "/s", NodeMemory: 1 << 30, Environ: []string{
		"PATH=/bin", "MESOS_EXECUTOR_ID=e", "MESOS_FRAMEWORK_ID=f", "MESOS_DIRECTORY=/s", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=7secs",
	}}
}

// contained gives the Spec of a docker task that must be fine.
func contained(t *testing.T, task mesos.TaskInfo) executor.Spec {
	t.Helper()
	s, err := executor.NewSpec(t.Context(), task, dockerOptions())
	if err != nil {
		t.Fatal(err)
	}
	if s.Container == nil {
		t.Fatal("not a container")
	}
	return s
}

// uncontained says that a docker task is refused with a message of these words.
func uncontained(t *testing.T, task mesos.TaskInfo, words ...string) {
	t.Helper()
	_, err := executor.NewSpec(t.Context(), task, dockerOptions())
	for _, want := range words {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, wanted %q", err, want)
		}
	}
}

// differs compares containers but for their names, which are never the same.
func differs(want, got docker.Container) string {
	want.Name, got.Name = "", ""
	want.Config.Env, got.Config.Env = unnamed(want.Config.Env), unnamed(got.Config.Env)
	return cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
}

func unnamed(env []string) (rest []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, "MESOS_CONTAINER_NAME=") {
			rest = append(rest, e)
		}
	}
	return rest
}

var mappedSandbox = mount.Mount{Type: mount.TypeBind, Source: "/s", Target: "/mnt/mesos/sandbox"}

// What a container is when nothing is asked for.
func TestDockerContainer(t *testing.T) {
	s := contained(t, withDocker(nil))
	want := docker.Container{
		Image: docker.Image{Reference: "busybox"}, Sandbox: "/s",
		Config: container.Config{
			Env:    []string{"MESOS_SANDBOX=/mnt/mesos/sandbox", "MESOS_ALLOCATION_ROLE="},
			Labels: map[string]string{"flocker-executor.task": "web.1", "flocker-executor.executor": "e", "flocker-executor.framework": "f"},
		},
		Host: container.HostConfig{
			NetworkMode: "host", RestartPolicy: container.RestartPolicy{Name: "no"}, Mounts: []mount.Mount{mappedSandbox},
		},
	}
	if d := differs(want, *s.Container); d != "" {
		t.Error(d)
	}
	id, ours := strings.CutPrefix(s.Container.Name, "flocker-")
	if u, err := uuid.Parse(id); !ours || err != nil || u.Version() != 4 {
		t.Errorf("name %q, %v", s.Container.Name, err)
	}
	if again := contained(t, withDocker(nil)); again.Container.Name == s.Container.Name {
		t.Errorf("two containers of the name %s", again.Container.Name)
	}
	if s.Source != "the image" || s.Sandbox != "/s" || s.KillGrace != 7*time.Second || len(s.Command.Argv) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestDockerImage(t *testing.T) {
	image := func(name string) mesos.TaskInfo {
		return withDocker(func(_ *mesos.TaskInfo, _ *mesos.ContainerInfo, d *mesos.ContainerInfo_DockerInfo) { d.Image = name })
	}
	for _, name := range []string{"busybox", "library/busybox:1.36", "registry.example:5000/a/b@sha256:" + strings.Repeat("0", 64)} {
		if c := contained(t, image(name)).Container; c.Image.Reference != name || c.Image.ForcePull {
			t.Errorf("%+v", c.Image)
		}
	}
	for _, name := range []string{"", "Busybox", "a b", "http://x/y", "x:"} {
		uncontained(t, image(name), "container.docker.image: value "+`"`+name+`": `, "is allowed")
	}
	forced := image("busybox")
	forced.Container.Docker.ForcePullImage = ptr(true)
	if !contained(t, forced).Container.Image.ForcePull {
		t.Error("force_pull_image is forgotten")
	}
	none := image("busybox")
	none.Container.Docker = nil
	uncontained(t, none, "container.docker (of type DOCKER it must be there, with an image)")
}

// Labels, where the framework cannot carry a ContainerInfo.
func TestDockerImageLabels(t *testing.T) {
	s := contained(t, withLabels("flocker.image", "redis:7", "flocker.image-file", "in/image.tar"))
	if d := cmp.Diff(docker.Image{Reference: "redis:7", File: "in/image.tar"}, s.Container.Image); d != "" || s.Container.Host.NetworkMode != "host" {
		t.Errorf("network %s, %s", s.Container.Host.NetworkMode, d)
	}
	both := withLabels("flocker.image", "redis:7")
	both.Container = withDocker(nil).Container
	uncontained(t, both, `label flocker.image is "redis:7" and container.docker.image is "busybox": give only one`)
	both.Container.Docker.Image = "redis:7"
	contained(t, both)
	both.Container.Docker.Image = ""
	contained(t, both)

	uncontained(t, withLabels("flocker.image", "A"), `label flocker.image: value "A"`)
	process := withLabels("flocker.image", "redis:7")
	process.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), TTYInfo: &mesos.TTYInfo{}}
	if !contained(t, process).Container.Config.Tty {
		t.Error("the rest of the ContainerInfo is forgotten")
	}
	process.Container.Docker = &mesos.ContainerInfo_DockerInfo{Image: "redis:7"}
	uncontained(t, process, "container.docker (of type MESOS")
	process.Container = &mesos.ContainerInfo{Type: ptr(mesos.ContainerInfo_Type(7)), Mesos: &mesos.ContainerInfo_MesosInfo{Image: &mesos.Image{}}}
	uncontained(t, process, "container.type 7 (", "container.mesos.image (")
	forced := withLabels("flocker.image-file", "image.tar")
	forced.Container = withDocker(func(_ *mesos.TaskInfo, _ *mesos.ContainerInfo, d *mesos.ContainerInfo_DockerInfo) {
		d.ForcePullImage = ptr(true)
	}).Container
	uncontained(t, forced, "container.docker.force_pull_image: the image comes from an archive")
}

// A sandbox is where Mesos has it, whatever its path.
func TestDockerSandbox(t *testing.T) {
	for name, c := range map[string]struct {
		sandbox, directory     string
		group                  bool
		source, stdout, within string
	}{
		"plain":                   {"/s", "/s", false, "/s", "", "/s"},
		"with colons":             {"/s:a,b", "/s:a,b", false, "/s:a,b", "", "/s:a,b"},
		"of a group":              {"/s", "/s", true, "/s/tasks/web.1", "/s/tasks/web.1/stdout", "/s/tasks/web.1"},
		"of an executor in image": {"/mnt/mesos/sandbox", "/agent/x", false, "/agent/x", "", "/mnt/mesos/sandbox"},
		"of a group in an image":  {"/mnt/mesos/sandbox", "/agent/x", true, "/agent/x/tasks/web.1", "/mnt/mesos/sandbox/tasks/web.1/stdout", "/mnt/mesos/sandbox/tasks/web.1"},
	} {
		t.Run(name, func(t *testing.T) {
			o := dockerOptions()
			o.Sandbox, o.Group, o.Environ = c.sandbox, c.group, []string{"MESOS_DIRECTORY=" + c.directory}
			s, err := executor.NewSpec(t.Context(), withDocker(nil), o)
			if err != nil {
				t.Fatal(err)
			}
			want := []mount.Mount{{Type: mount.TypeBind, Source: c.source, Target: "/mnt/mesos/sandbox"}}
			if d := cmp.Diff(want, s.Container.Host.Mounts); d != "" || s.Container.Sandbox != c.within || s.Sandbox != c.within || s.Container.Stdout != c.stdout {
				t.Errorf("sandbox %s, stdout %s: %s", s.Sandbox, s.Container.Stdout, d)
			}
		})
	}
}

// Datasets are where the labels say: relative paths below the sandbox.
func TestDockerDatasets(t *testing.T) {
	task := withDocker(nil)
	task.Labels = withLabels("flocker.volume.a", "a:/srv/a:ro,dataset=0679b296-1fb9-4edc-956d-53dfb1e35000", "flocker.volume.b", "b:in/b").Labels
	s := contained(t, task)
	if len(s.Volumes) != 2 || s.Volumes[0].Path != "/srv/a" || !s.Volumes[0].ReadOnly || s.Volumes[1].Path != "/mnt/mesos/sandbox/in/b" {
		t.Errorf("%+v", s.Volumes)
	}
	for want, values := range map[string][]string{
		`path "/mnt/mesos/sandbox": the sandbox is at /mnt/mesos/sandbox`: {"a:/mnt/mesos/sandbox"},
		`path "/mnt": the sandbox is at`:                                  {"a:/mnt"},
		"already puts a volume there":                                     {"a:/mnt/mesos/sandbox/x", "b:x"},
		"lies inside path":                                                {"a:/mnt/mesos/sandbox/x", "b:x/y"},
	} {
		var pairs []string
		for i, v := range values {
			pairs = append(pairs, "flocker.volume."+string(rune('a'+i)), v)
		}
		uncontained(t, withLabels(append(pairs, "flocker.image", "busybox")...), want)
	}
}

func TestDockerTimes(t *testing.T) {
	task := withDocker(nil)
	task.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: 5}}
	task.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: 6}
	if s := contained(t, task); s.KillGrace != 5 || s.MaxCompletion != 6 {
		t.Errorf("%v, %v", s.KillGrace, s.MaxCompletion)
	}
	o := dockerOptions()
	o.Environ = nil
	if s, err := executor.NewSpec(t.Context(), withDocker(nil), o); err != nil || s.KillGrace != 3*time.Second {
		t.Errorf("%v, %v", s.KillGrace, err)
	}
	task.KillPolicy.GracePeriod.Nanoseconds = -1
	uncontained(t, task, "kill_policy.grace_period")
}
