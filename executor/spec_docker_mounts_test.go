package executor_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/mount"

	"github.com/mesos-flocker/flocker-executor/executor"
)

func hostPath(source, target string) mesos.Volume {
	v := mesos.Volume{ContainerPath: target, Mode: mesos.RW.Enum()}
	if source != "" {
		v.HostPath = &source
	}
	return v
}

func ofDriver(driver, name, target string) mesos.Volume {
	v := mesos.Volume{ContainerPath: target, Mode: mesos.RO.Enum()}
	v.Source = &mesos.Volume_Source{Type: mesos.Volume_Source_DOCKER_VOLUME, DockerVolume: &mesos.Volume_Source_DockerVolume{Name: name}}
	if driver != "" {
		v.Source.DockerVolume.Driver = &driver
		v.Source.DockerVolume.DriverOptions = &mesos.Parameters{Parameter: []mesos.Parameter{{Key: "size", Value: "1"}}}
	}
	return v
}

// withVolumes is a task with a dataset at /data and these volumes.
func withVolumes(driver string, all ...mesos.Volume) mesos.TaskInfo {
	return withDocker(func(t *mesos.TaskInfo, c *mesos.ContainerInfo, d *mesos.ContainerInfo_DockerInfo) {
		t.Labels = withLabels("flocker.volume", "a:/data").Labels
		c.Volumes = all
		if driver != "" {
			d.VolumeDriver = &driver
		}
	})
}

func TestDockerVolumes(t *testing.T) {
	readOnly := hostPath("/etc/ssl", "/ssl")
	readOnly.Mode = mesos.RO.Enum()
	volume := func(name, target string, o *mount.VolumeOptions) []mount.Mount {
		return []mount.Mount{mappedSandbox, {Type: mount.TypeVolume, Source: name, Target: target, ReadOnly: true, VolumeOptions: o}}
	}
	driver := func(name string, options map[string]string) *mount.VolumeOptions {
		return &mount.VolumeOptions{DriverConfig: &mount.Driver{Name: name, Options: options}}
	}
	for name, c := range map[string]struct {
		task   mesos.TaskInfo
		binds  []string
		mounts []mount.Mount
	}{
		"host path":                {withVolumes("", hostPath("/srv", "/x/../y/")), []string{"/srv:/y:rw"}, nil},
		"read-only":                {withVolumes("", readOnly), []string{"/etc/ssl:/ssl:ro"}, nil},
		"relative container path":  {withVolumes("", hostPath("/srv", "y")), []string{"/srv:/mnt/mesos/sandbox/y:rw"}, nil},
		"relative host path":       {withVolumes("", hostPath("in/x", "/y")), []string{"/s/in/x:/y:rw"}, nil},
		"with a colon":             {withVolumes("", hostPath("/a:b", "/y")), nil, []mount.Mount{mappedSandbox, {Type: mount.TypeBind, Source: "/a:b", Target: "/y"}}},
		"name for a driver":        {withVolumes("rexray", hostPath("vol", "y")), []string{"vol:/mnt/mesos/sandbox/y:rw"}, nil},
		"docker volume":            {withVolumes("", ofDriver("", "vol", "y")), nil, volume("vol", "/mnt/mesos/sandbox/y", nil)},
		"docker volume's driver":   {withVolumes("", ofDriver("rexray", "vol", "/y")), nil, volume("vol", "/y", driver("rexray", map[string]string{"size": "1"}))},
		"driver of the DockerInfo": {withVolumes("rexray", ofDriver("", "vol", "/y")), nil, volume("vol", "/y", driver("rexray", map[string]string{}))},
	} {
		t.Run(name, func(t *testing.T) {
			h := contained(t, c.task).Container.Host
			if c.mounts == nil {
				c.mounts = []mount.Mount{mappedSandbox}
			}
			if d := cmp.Diff(c.binds, h.Binds) + cmp.Diff(c.mounts, h.Mounts); d != "" {
				t.Error(d)
			}
			if h.VolumeDriver != c.task.Container.Docker.GetVolumeDriver() {
				t.Errorf("volume driver %q", h.VolumeDriver)
			}
		})
	}
	two := contained(t, withVolumes("", ofDriver("a", "vol1", "/x"), ofDriver("b", "vol2", "/y"))).Container.Host.Mounts
	if len(two) != 3 || two[1].VolumeOptions.DriverConfig.Name != "a" || two[2].VolumeOptions.DriverConfig.Name != "b" {
		t.Errorf("two drivers: %v", two)
	}
	o := dockerOptions()
	o.Sandbox, o.Environ = "/s:x", nil
	s, err := executor.NewSpec(t.Context(), withVolumes("", hostPath("in", "/y")), o)
	if err != nil || len(s.Container.Host.Mounts) != 2 || s.Container.Host.Mounts[1].Source != "/s:x/in" {
		t.Errorf("sandbox with a colon: %v, %v", s.Container, err)
	}
}

func TestDockerVolumesThatAreRefused(t *testing.T) {
	source := func(kind mesos.Volume_Source_Type) mesos.Volume {
		return mesos.Volume{ContainerPath: "/x", Mode: mesos.RW.Enum(), Source: &mesos.Volume_Source{Type: kind}}
	}
	image := hostPath("/a", "/b")
	image.Image = &mesos.Image{}
	both := ofDriver("x", "vol", "/y")
	both.HostPath = ptr("/a")
	for want, v := range map[string]mesos.Volume{
		"source: type HOST_PATH: DOCKER_VOLUME is allowed":      source(mesos.Volume_Source_HOST_PATH),
		"source: type SANDBOX_PATH: DOCKER_VOLUME is allowed":   source(mesos.Volume_Source_SANDBOX_PATH),
		"source: type SECRET: DOCKER_VOLUME is allowed":         source(mesos.Volume_Source_SECRET),
		"source: type UNKNOWN: DOCKER_VOLUME is allowed":        source(mesos.Volume_Source_UNKNOWN),
		"source: type DOCKER_VOLUME: DOCKER_VOLUME":             source(mesos.Volume_Source_DOCKER_VOLUME),
		`source: driver "Flocker": name the dataset in a label`: ofDriver("Flocker", "vol", "/x"),
		`source: name "../x": not the name of a docker volume`:  ofDriver("d", "../x", "/x"),
		`source: name "/x": not the name of a docker volume`:    ofDriver("d", "/x", "/x"),
		"host_path or source is missing":                        hostPath("", "/x"),
		"give only one of host_path and source":                 both,
		"image: an image as a volume":                           image,
		"mode: 0: RW and RO are allowed":                        {ContainerPath: "/x", HostPath: ptr("/a"), Mode: ptr(mesos.Volume_Mode(0))},
		`host_path "a" and container_path "b": both are`:        hostPath("a", "b"),
		`host_path: "a/../..": ".." is not allowed`:             hostPath("a/../..", "/b"),
		`container_path: "": no path`:                           hostPath("/a", ""),
		`container_path: "/": it would hide`:                    hostPath("/a", "/x/.."),
		`container_path: "/mnt/mesos/sandbox": it would`:        hostPath("/a", "."),
		`container_path: "/data": there is the volume of`:       hostPath("/a", "/data/"),
		`container_path: "/data/x": there is the volume`:        hostPath("/a", "/data/x"),
		`source "/": below /flocker are the node's datasets`:    hostPath("/", "/host"),
		`source "/flocker": below`:                              hostPath("/flocker", "/host"),
		`source "/flocker/x/../y": below`:                       hostPath("/flocker/x/../y", "/host"),
	} {
		uncontained(t, withVolumes("", v), "container.volumes[0]: "+want)
	}
	uncontained(t, withVolumes("", hostPath("/a", "/x"), hostPath("/b", "/x/")), `container.volumes[1]: container_path: "/x": there is container_path already`)
	uncontained(t, withVolumes("flocker", hostPath("vol", "/x")), `volume driver "flocker": name the dataset in a label flocker.volume`)
	contained(t, withVolumes("", hostPath("/flockers", "/x"), hostPath("/srv/flocker", "/dat"), hostPath("/a", "/database")))
}
