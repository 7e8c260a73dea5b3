package integration_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// What of a container an engine asks its volume driver for.
const (
	atCreate = "/VolumeDriver.Get"     // while it makes the container
	atStart  = "/VolumeDriver.Mount"   // while it starts it
	atEnd    = "/VolumeDriver.Unmount" // when it has ended
)

// holdUp stops an engine at one thing that it does.
type holdUp struct {
	what    string
	reached chan struct{} // the engine is there
	goOn    chan struct{} // closed: it may go on
}

func newHoldUp(t *testing.T, what string) holdUp {
	h := holdUp{what: what, reached: make(chan struct{}, 1), goOn: make(chan struct{})}
	t.Cleanup(h.release)
	return h
}

// stop is called by what the engine asks. It says whether the engine still waits.
func (h holdUp) stop(ctx context.Context) bool {
	select {
	case h.reached <- struct{}{}:
	default:
	}
	select {
	case <-h.goOn:
		return true
	case <-ctx.Done():
		return false
	}
}

// holdsUp waits until the engine is there.
func (h holdUp) holdsUp(t *testing.T) {
	t.Helper()
	select {
	case <-h.reached:
	case <-deadline(t).Done():
		t.Fatalf("the engine has not come to %s", h.what)
	}
}

// release may be called again.
func (h holdUp) release() {
	select {
	case <-h.goOn:
	default:
		close(h.goOn)
	}
}

// slowDriver is a volume driver of one node's engine. What the engine does with a
// container that has its volume is held up once: to anybody who asks, the engine
// hangs with that container and with no other.
type slowDriver struct {
	holdUp
	name string
}

// newSlowDriver holds the engine up at the first such step, until release.
func newSlowDriver(t *testing.T, e *cluster.Engine, name, step string) slowDriver {
	t.Helper()
	d := slowDriver{newHoldUp(t, step), name}
	dir := filepath.Join(filepath.Dir(e.Socket), "docker", "plugins") // where engines look
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, name+".sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(d)
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(func() {
		d.release()
		server.CloseClientConnections() // engines keep idle ones
		server.Close()
	})
	return d
}

// ServeHTTP is Docker's volume plugin protocol.
func (d slowDriver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == d.what && !d.stop(r.Context()) {
		return
	}
	answer := `{"Err": ""}`
	switch strings.TrimPrefix(r.URL.Path, "/") {
	case "Plugin.Activate":
		answer = `{"Implements": ["VolumeDriver"]}`
	case "VolumeDriver.Mount", "VolumeDriver.Path":
		answer = `{"Mountpoint": "/tmp", "Err": ""}`
	case "VolumeDriver.Get":
		answer = fmt.Sprintf(`{"Volume": {"Name": %q}, "Err": ""}`, d.name)
	case "VolumeDriver.List":
		answer = `{"Volumes": [], "Err": ""}`
	}
	_, _ = w.Write([]byte(answer)) // the engine may have gone
}

// slowly gives a task's container a volume of the driver.
func (d slowDriver) slowly(task cluster.Task) cluster.Task {
	task.Info = func(info *mesos.TaskInfo) {
		info.Container = &mesos.ContainerInfo{
			Type:   mesos.ContainerInfo_DOCKER.Enum(),
			Docker: &mesos.ContainerInfo_DockerInfo{Image: cluster.Image},
			Volumes: []mesos.Volume{{
				ContainerPath: "/slow", Mode: mesos.RO.Enum(),
				Source: &mesos.Volume_Source{
					Type:         mesos.Volume_Source_DOCKER_VOLUME,
					DockerVolume: &mesos.Volume_Source_DockerVolume{Driver: &d.name, Name: d.name},
				},
			}},
		}
	}
	return task
}

// slowRegistry has one image, and is held up when an engine comes for it.
type slowRegistry struct {
	holdUp
	image string
}

func newSlowRegistry(t *testing.T) slowRegistry {
	t.Helper()
	r := dockertest.NewRegistry(t)
	image, err := r.Push("slow:1", []byte(t.Name())) // which no engine has a layer of
	if err != nil {
		t.Fatal(err)
	}
	s := slowRegistry{newHoldUp(t, "the image"), image}
	r.Blob = func(w http.ResponseWriter, content []byte) {
		s.stop(t.Context())
		_, _ = w.Write(content) // the engine may have gone
	}
	return s
}

// from has a task's container made from the image.
func (s slowRegistry) from(task cluster.Task) cluster.Task {
	task.Labels["flocker.image"] = s.image
	return task
}
