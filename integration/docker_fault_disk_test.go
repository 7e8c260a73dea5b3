package integration_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// engineDisk is all that an engine of smallDisk has; the image takes some four of
// it.
const engineDisk = "size=24m"

// smallDisk is a folder for an engine on a filesystem of its own.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := errors.Join(os.Mkdir(dir, 0o755), unix.Mount("disk", dir, "tmpfs", 0, engineDisk)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// The engine's disk runs full. A container that does it goes on, with an error in
// its own layer and none in its dataset; one that is to start, an image that is
// pulled and one that is loaded fail their tasks, and the message says why. When
// the container is removed there is room again.
func TestDockerEngineDiskFull(t *testing.T) {
	t.Parallel()
	archive := filepath.Join(binaries.dir, "loaded.tar")
	c := startFaulty(t, cluster.Options{Docker: true, Nodes: 1, DockerArgs: []string{"--data-root", smallDisk(t)}})
	saveImage(t, engineOf(t, docked(t, "posix"), "node-1"), "loaded:1", archive)
	submit(t, c, inContainer("fills", "", "fills", "dd if=/dev/zero of=/big bs=64k 2>&1; while echo x; do :; done > /more\n"+countingIn))
	reaches(t, c, "fills", mesos.TASK_RUNNING)
	printed(t, c, "fills", "No space left on device")
	printed(t, c, "fills", "synced 5\n")
	full := []cluster.Task{
		inContainer("full-start", "", "full-start", "true"),
		inImage("full-pull", pulledImage(t)),
		inImage("full-load", "loaded:1"),
	}
	full[2].Labels["flocker.image-file"] = "loaded.tar"
	full[2].Info = func(info *mesos.TaskInfo) {
		info.Executor.Command.URIs = append(info.Executor.Command.URIs, mesos.CommandInfo_URI{Value: archive, Extract: new(bool)})
	}
	for _, task := range full {
		status := refused(t, c, task, "the docker engine's disk is full")
		t.Log(status.GetMessage())
		nothingOf(t, c, task.ID, task.ID)
	}
	kill(t, c, "fills")
	nothingOf(t, c, "fills", "fills")
	last := lastSynced(t, c, "fills")
	finishes(t, c, inContainer("fits", "", "fills", `echo "found $(tail -n 1 /data/log)"`))
	complete(t, c, "fits", last)
	nothingOf(t, c, "fits", "fills")
}

func inImage(id, image string) cluster.Task {
	task := inContainer(id, "", id, "true")
	task.Labels["flocker.image"] = image
	return task
}

// pulledImage is in a registry, and no engine has a layer of it.
func pulledImage(t *testing.T) string {
	t.Helper()
	name, err := dockertest.NewRegistry(t).Push("pulled:1", []byte(t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	return name
}
