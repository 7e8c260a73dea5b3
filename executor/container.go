package executor

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// MappedSandbox is where a container finds its task's sandbox.
const MappedSandbox = mappedSandbox

// Container is a task in a container, as docker.Engine and docker.Body promise it.
type Container interface {
	volumes.Body
	// Prepare has the image there. It runs beside Hold, from a goroutine of its own.
	Prepare(ctx context.Context, report func(string)) error
	// Running is what the engine says of the container since its start.
	Running() *docker.Running
	// Why says what besides its status there is to say of the container's end.
	Why() string
	// OutOfMemory says that the container has exceeded its memory.
	OutOfMemory() bool
	Exec(ctx context.Context, argv, env []string) (exit int, err error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	// Close lets go of the engine, not of the container. It comes last, once.
	Close()
}

// The causes with which what is done beside a failure is called off.
var (
	errNoImage   = errors.New("called off: the image cannot be had")
	errNoVolumes = errors.New("called off: the volumes cannot be had")
)

// holdAndPrepare holds the volumes and has the image there, side by side: the
// first that fails calls the other off. What is held all the same is returned
// with the error.
func (t *task) holdAndPrepare(ctx context.Context, p *progress) (Held, error) {
	c, err := t.options.Container(ctx, t.spec)
	if err != nil {
		return nil, err
	}
	t.container = c
	imaging, noVolumes := context.WithCancelCause(ctx)
	defer noVolumes(nil)
	holding, noImage := context.WithCancelCause(ctx)
	defer noImage(nil)
	prepared := make(chan error, 1)
	go func() {
		err := c.Prepare(imaging, p.image)
		if err != nil {
			noImage(errNoImage)
		}
		prepared <- err
	}()
	held, err := t.options.Hold(holding, t.spec, p.report)
	if err != nil {
		noVolumes(errNoVolumes)
	}
	image := <-prepared
	if image != nil && err != nil && !errors.Is(err, errNoImage) {
		return held, err // the image was called off, which leaves nothing
	}
	return held, errors.Join(image, err)
}

// closeContainer is the undo of holdAndPrepare's opening of an engine.
func (t *task) closeContainer() {
	if t.container != nil {
		t.container.Close()
	}
}

// inContainer runs a check's command in the container, where exit statuses tell
// of signals too.
func (t *task) inContainer(ctx context.Context, c checks.Command) (int, error) {
	argv := c.Argv
	if c.Program != "" && len(argv) > 0 {
		argv = append([]string{c.Program}, argv[1:]...)
	}
	return t.container.Exec(ctx, argv, c.Env)
}

// containerExit is how a container ended, in words (docker/executor.cpp, reaped;
// for a container the status is that of docker run, 128 + n after signal n), with
// the engine's word on it.
func containerExit(c Container, w syscall.WaitStatus, known bool) exit {
	x := exit{status: w, known: known, message: "Failed to get exit status of container"}
	if known {
		x.message = endOf("Container", w)
	}
	if why := c.Why(); why != "" {
		x.message += ": " + why
	}
	if c.OutOfMemory() {
		x.reason = &reasonMemory
	}
	return x
}
