package docker

import (
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// Labels of a container, for whoever finds it on the node. They name the task,
// and make sure that a container of the same name is this task's.
const (
	LabelTask      = "flocker-executor.task"
	LabelExecutor  = "flocker-executor.executor"
	LabelFramework = "flocker-executor.framework"
	// LabelDataset is followed by a volume's name; the value is its dataset's id.
	LabelDataset = "flocker-executor.dataset."
)

// Container is what a task asks of the engine.
type Container struct {
	// Name is flocker-<uuid>. Never mesos-<uuid>: an agent's docker containerizer
	// removes those that it does not know.
	Name  string
	Image Image
	// Config and Host are the engine's own types, complete but for the binds of
	// volumes and the cgroup parent.
	Config container.Config
	Host   container.HostConfig
	// Networking has an endpoint for each user network. The one that
	// Host.NetworkMode names is the container's first. An engine before API 1.44
	// takes only that at creation; the others have to be connected before the start.
	Networking network.NetworkingConfig
	// Sandbox is the task's sandbox as this process sees it. An Image.File is in
	// it, and its .docker/config.json, if there is one, holds the registry's
	// credentials. Its bind is among Host.Mounts.
	Sandbox string
	// Stdout and Stderr are files that output is appended to; "" is the executor's own.
	Stdout, Stderr string
}

// Image is where a container's root filesystem comes from.
type Image struct {
	Reference string
	File      string // archive in the sandbox that is loaded first; "" for none
	ForcePull bool   // ask the registry even if the image is there
}
