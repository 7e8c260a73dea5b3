package executor_test

import (
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// The node's datasets come into a container by labels only: neither through a
// volume of the engine's own driver, nor as mounts that follow a bind later.
func TestDockerDatasetsByOtherWays(t *testing.T) {
	volume := func(device string) mesos.TaskInfo {
		v := ofDriver("local", "vol", "/x")
		v.Source.DockerVolume.DriverOptions = &mesos.Parameters{Parameter: []mesos.Parameter{
			{Key: "type", Value: "none"}, {Key: "o", Value: "bind"}, {Key: "device", Value: device},
		}}
		return withVolumes("", v)
	}
	uncontained(t, volume("/flocker/a"), `container.volumes[0]: source: option device: source "/flocker/a": below /flocker`)
	uncontained(t, volume("/"), `option device: source "/": below /flocker`)
	for _, device := range []string{"flocker/a", "./flocker", "."} { // the engine's folder is /
		uncontained(t, volume(device), "option device: source", "below /flocker")
	}
	contained(t, volume("/srv"))
	contained(t, volume(":/export"))

	mounted := func(value string) mesos.TaskInfo { return parametered("mount", value) }
	uncontained(t, mounted("type=volume,src=vol,dst=/x,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/flocker/a"), `option device: source "/flocker/a"`)
	contained(t, mounted("type=volume,src=vol,dst=/x,volume-opt=type=tmpfs,volume-opt=device=tmpfs"))
	for _, propagation := range []string{"slave", "rslave"} {
		uncontained(t, mounted("type=bind,src=/,dst=/x,bind-nonrecursive,bind-propagation="+propagation), "without slave propagation")
		contained(t, mounted("type=bind,src=/srv,dst=/x,bind-nonrecursive,bind-propagation="+propagation))
	}
	contained(t, mounted("type=bind,src=/,dst=/x,bind-nonrecursive,bind-propagation=rprivate"))
}
