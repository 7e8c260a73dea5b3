package integration_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// An image that cannot be had ends the task before it runs, and nothing of its
// volume is left.
func TestImageMissing(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	task := inContainer("image-missing", "", "image-missing", "true")
	task.Labels["flocker.image"] = "127.0.0.1:1/no/such:image"
	status := refused(t, c, task, "127.0.0.1:1/no/such:image", "unreachable")
	if status.GetReason() != mesos.REASON_CONTAINER_LAUNCH_FAILED {
		t.Errorf("reason %s", status.GetReason())
	}
	nothingOf(t, c, task.ID, "image-missing")
}

// An image comes with the task, as an archive that is fetched into the sandbox.
func TestImageFile(t *testing.T) {
	t.Parallel()
	const name = "from-archive:1"
	c := docked(t, "posix")
	node := c.Nodes()[0].Name
	path := filepath.Join(binaries.dir, "image.tar")
	saveImage(t, engineOf(t, c, node), name, path)
	task := inContainer("from-archive", node, "from-archive", "echo $LOADED")
	task.Labels["flocker.image"], task.Labels["flocker.image-file"] = name, "image.tar"
	task.Info = func(info *mesos.TaskInfo) {
		no := false
		info.Executor.Command.URIs = append(info.Executor.Command.URIs, mesos.CommandInfo_URI{Value: path, Extract: &no})
	}
	if got := finishes(t, c, task); got != "yes\n" {
		t.Errorf("the container said %q", got)
	}
	nothingOf(t, c, task.ID, "from-archive")
}

// saveImage makes an image that the engine does not have afterwards.
func saveImage(t *testing.T, e *cluster.Engine, name, path string) {
	t.Helper()
	ctx := deadline(t)
	if err := dockertest.Import(ctx, e.API, name, "ENV LOADED=yes"); err != nil {
		t.Fatal(err)
	}
	archive, err := e.API.ImageSave(ctx, []string{name})
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.Copy(file, archive); err != nil {
		t.Fatal(err)
	}
	if _, err := e.API.ImageRemove(ctx, name, client.ImageRemoveOptions{}); err != nil {
		t.Fatal(err)
	}
}
