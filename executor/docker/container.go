package docker

import (
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// Container is what a task asks of the engine.
type Container struct {
	// Name is flocker-<uuid>. Never mesos-<uuid>: an agent's docker containerizer
	// removes those that it does not know.
	Name  string
	Image Image
	// Config, Host and Networking are the engine's own types, complete but for the
	// binds of volumes and the cgroup parent.
	Config     container.Config
	Host       container.HostConfig
	Networking network.NetworkingConfig
	// Sandbox is the sandbox's path on the node. Its .docker/config.json, if there
	// is one, holds the registry's credentials.
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
