package executor_test

import (
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// A persistent volume of Mesos' would be missing in the container, or an empty
// directory: what is written there would be lost.
func TestDockerPersistentVolume(t *testing.T) {
	task := onHost()
	path := "kept"
	task.Resources = append(task.Resources, mesos.Resource{Name: "disk", Disk: &mesos.Resource_DiskInfo{
		Persistence: &mesos.Resource_DiskInfo_Persistence{ID: "id"}, Volume: &mesos.Volume{ContainerPath: path},
	}})
	uncontained(t, task, `persistent volume at "kept"`, "flocker.volume", "container.volumes")
	task.Resources[len(task.Resources)-1].Disk.Persistence = nil // disk that is only counted
	contained(t, task)
}
