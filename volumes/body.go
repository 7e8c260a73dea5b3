package volumes

import (
	"context"
	"syscall"
)

// Body is a task whose processes belong to somebody else: a container engine.
// Held.StartContainer calls Create, then Start, each once and from one goroutine;
// Signal, Exited and Remove may be called from any goroutine after Start, and
// Remove also after a Create or Start that failed or whose outcome is unknown.
type Body interface {
	// Name of the container and Engine, the path of the socket at which the
	// engine answers, are journalled before Create: an outcome that nobody
	// learned can be found by them.
	Name() string
	Engine() string
	// Create makes the container with binds, and does not start it. A Source that
	// the engine does not find is an error, never a new directory.
	Create(ctx context.Context, binds []BodyBind) error
	// Start runs it and returns the number of its first process, in this
	// process's PID namespace.
	Start(ctx context.Context) (pid int, err error)
	// Signal sends sig to its first process. It returns at once.
	Signal(sig syscall.Signal) error
	// Exited delivers the wait status of its first process, once, or is closed
	// without one when it cannot be learned.
	Exited() <-chan syscall.WaitStatus
	// Remove kills and removes the container. nil means that the engine has proved
	// it gone, or that there is none of that name. Repeatable.
	Remove(ctx context.Context) error
}

// BodyBind is one dataset to be bound into a container: as a private bind (the
// dataset does not leave while its task runs, for the pin keeps it).
type BodyBind struct {
	Volume   string // its name
	Dataset  string // its id
	Source   string // the dataset's mount point on this node
	Path     string // in the container, absolute and clean
	Device   uint64 // st_dev of its root
	ReadOnly bool
}
