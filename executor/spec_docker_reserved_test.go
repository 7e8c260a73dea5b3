package executor_test

import (
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// A dataset cannot be where the engine has its own files.
func TestDockerReservedPaths(t *testing.T) {
	at := func(path string) mesos.TaskInfo {
		return withDocker(func(t *mesos.TaskInfo, _ *mesos.ContainerInfo, _ *mesos.ContainerInfo_DockerInfo) {
			t.Labels = withLabels("flocker.volume", "a:"+path).Labels
		})
	}
	for _, path := range []string{"/etc", "/dev", "/proc/x", "/sys"} {
		uncontained(t, at(path), `label flocker.volume: path "`+path+`": the engine puts its own /`)
	}
	for _, path := range []string{"/etc/app", "/dev/shm", "etc"} {
		contained(t, at(path))
	}
}
