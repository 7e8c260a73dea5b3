package volumes_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/google/uuid"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// linked are links of the image, besides busybox.
var linked = map[string]string{"data": "srv/data", "link": "data", "conf": "etc"}

const inSandbox = "/mnt/mesos/sandbox" // the sandbox, as the containers see it

// A real engine, behind a socket that process 1 made for it, sees the datasets and
// binds them; what else it mounts inside one or over it, through whatever
// links, is found when the container has started, and the container removed.
func TestDockerContainers(t *testing.T) {
	e, err := dockertest.Start(t.Context(), dockertest.Options{Activated: true})
	must(t, err)
	t.Cleanup(func() { must(t, e.Close()) })
	must(t, e.ImportLinks(t.Context(), "linked", linked))
	tmpfs := func(path string) func(*docker.Container) {
		return func(c *docker.Container) {
			c.Host.Mounts = append(c.Host.Mounts, mount.Mount{Type: mount.TypeTmpfs, Target: path})
		}
	}
	for name, c := range map[string]struct {
		paths   []string // of the datasets
		change  func(*docker.Container)
		refused string
	}{
		"a dataset":              {paths: []string{"/data"}},
		"beside the engine's":    {paths: []string{"/etc/app", "/dev/shm", "/dev/data"}},
		"one in another":         {paths: []string{"/data", "/link/inner"}},
		"the task's inside":      {[]string{"/data"}, tmpfs("/link/x"), "/data in the container has something else mounted inside, at /srv/data/x"},
		"the task's over it":     {[]string{"/data"}, tmpfs("/srv/data"), "/data in the container is another filesystem than the dataset"},
		"the task's under it":    {[]string{"/srv/data"}, tmpfs("/data"), ""},
		"the engine's inside":    {[]string{"/etc"}, nil, "/etc in the container has something else mounted inside, at /etc/"},
		"behind a link":          {[]string{"/conf"}, nil, "/conf in the container has something else mounted inside, at /etc/"},
		"it may mount by itself": {[]string{"/data"}, mayMount(tmpfs("/link/x")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			body := w.dockerBody(e, c.paths, c.change)
			h, files := w.holdAt(c.paths)
			err := h.StartContainer(t.Context(), body)
			switch {
			case c.refused == "":
				must(t, err)
				w.writes(h, files)
			case err == nil || !strings.Contains(err.Error(), c.refused):
				t.Errorf("start: %v", err)
			default:
				_, err := e.API.ContainerInspect(t.Context(), body.Name(), client.ContainerInspectOptions{})
				if !errdefs.IsNotFound(err) {
					t.Errorf("the container is there: %v", err)
				}
			}
			must(t, h.Release(t.Context()))
			w.clean()
		})
	}
}

// writes lets the task go on, which then makes files in its datasets.
func (w *world) writes(h *volumes.Held, files []string) {
	w.t.Helper()
	must(w.t, os.WriteFile(w.path("sandbox", "go"), nil, 0o600))
	if status := exited(w.t, h); status.ExitStatus() != 0 {
		w.t.Errorf("it exited with %v", status)
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			w.t.Error(err)
		}
	}
}

func mayMount(change func(*docker.Container)) func(*docker.Container) {
	return func(c *docker.Container) {
		change(c)
		c.Host.CapAdd = []string{"SYS_ADMIN"}
	}
}

// dockerBody is a task that waits for the file "go" in its sandbox, and then writes
// to each of its datasets.
func (w *world) dockerBody(e *dockertest.Engine, paths []string, change func(*docker.Container)) *docker.Body {
	w.t.Helper()
	engine, err := docker.Open(w.t.Context(), docker.Options{Socket: e.Socket, SelfCgroup: []byte("0::/\n")})
	must(w.t, err)
	w.t.Cleanup(engine.Close)
	c := docker.Container{
		Name:    "flocker-" + uuid.NewString(),
		Image:   docker.Image{Reference: "linked"},
		Config:  container.Config{Cmd: []string{"/bin/sh", "-c", "until test -e " + inSandbox + "/go; do :; done; touch " + strings.Join(paths, "/file ") + "/file"}},
		Host:    container.HostConfig{NetworkMode: "none", Mounts: []mount.Mount{{Type: mount.TypeBind, Source: w.path("sandbox"), Target: inSandbox}}},
		Sandbox: w.path("sandbox"), Stdout: w.path("out"), Stderr: w.path("out"),
	}
	if change != nil {
		change(&c)
	}
	return engine.Body(c)
}

// holdAt holds a dataset for each path, and tells which files the task is to make.
func (w *world) holdAt(paths []string) (h *volumes.Held, files []string) {
	w.t.Helper()
	o := w.containerOptions("task-1")
	o.Mapped, o.RemoveContainer = inSandbox, docker.Remove
	var vols []volumes.Volume
	for i, path := range paths {
		name := fmt.Sprint("data", i)
		files = append(files, w.path("root", w.dataset(name, here), "file"))
		vols = append(vols, volumes.Volume{Label: "flocker.volume." + name, Name: name, Path: path, Create: true})
	}
	return w.hold(o, vols...), files
}
