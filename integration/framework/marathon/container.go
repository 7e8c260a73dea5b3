package marathon

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Container is where the executor itself runs: of an app with a custom executor
// it goes to ExecutorInfo.container, never to TaskInfo.container.
type Container struct {
	Type    string   `json:"type"` // MESOS or DOCKER
	Docker  *Docker  `json:"docker,omitempty"`
	Volumes []Volume `json:"volumes,omitempty"`
}

// Docker is an image and how to run it.
type Docker struct {
	Image          string      `json:"image"`
	Privileged     bool        `json:"privileged"`
	ForcePullImage bool        `json:"forcePullImage"`
	Parameters     []Parameter `json:"parameters,omitempty"`
}

// Parameter is an option of the docker command.
type Parameter struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Volume is a folder of the host.
type Volume struct {
	ContainerPath string `json:"containerPath"`
	HostPath      string `json:"hostPath"`
	Mode          string `json:"mode"` // RW or RO
}

func (c *Container) mesos(taskID string) *mesos.ContainerInfo {
	if c == nil {
		return nil
	}
	info := &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum()}
	for _, v := range c.Volumes {
		info.Volumes = append(info.Volumes, v.mesos())
	}
	if c.Type == "DOCKER" && c.Docker != nil {
		info.Type = mesos.ContainerInfo_DOCKER.Enum()
		info.Docker = c.Docker.mesos(taskID)
		return info
	}
	info.Mesos = &mesos.ContainerInfo_MesosInfo{}
	if c.Docker != nil {
		info.Mesos.Image = &mesos.Image{
			Type: mesos.Image_DOCKER.Enum(), Docker: &mesos.Image_Docker{Name: c.Docker.Image},
			Cached: ptr(!c.Docker.ForcePullImage),
		}
	}
	return info
}

func (d *Docker) mesos(taskID string) *mesos.ContainerInfo_DockerInfo {
	info := &mesos.ContainerInfo_DockerInfo{
		Image: d.Image, Network: mesos.ContainerInfo_DockerInfo_HOST.Enum(),
		Privileged: &d.Privileged, ForcePullImage: &d.ForcePullImage,
	}
	for _, p := range append(d.Parameters, Parameter{"label", "MESOS_TASK_ID=" + taskID}) {
		info.Parameters = append(info.Parameters, mesos.Parameter{Key: p.Key, Value: p.Value})
	}
	return info
}

func (v Volume) mesos() mesos.Volume {
	mode := mesos.RW
	if v.Mode == "RO" {
		mode = mesos.RO
	}
	return mesos.Volume{ContainerPath: v.ContainerPath, HostPath: &v.HostPath, Mode: &mode}
}
