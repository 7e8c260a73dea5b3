package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Body is a task as a container: the engine's side of a task's life. Create and
// Start are called once, one after the other, by one goroutine; the rest from
// anywhere. Remove must be called in the end, whatever went before.
type Body struct {
	engine *Engine
	c      Container

	running atomic.Pointer[Running] // set by Start
	why     atomic.Pointer[string]
	memory  atomic.Bool            // it ran out of it
	parent  atomic.Pointer[string] // of the container's cgroup, "" the engine's choice; set by Create
	exited  chan syscall.WaitStatus
	over    sync.Once // exited is closed

	asked    <-chan struct{} // closed when no container is being made
	removing atomic.Bool     // by us
	bound    bool            // it has datasets; set by Create
	process  *process        // set by Start; nil: not to be seen from here

	signals chan syscall.Signal
	life    context.Context // of the goroutines that Start leaves behind
	end     context.CancelFunc
	workers sync.WaitGroup
	watched chan struct{} // closed when the container's end is known; made by Start
}

// Body returns c as a task. Nothing is asked of the engine.
func (e *Engine) Body(c Container) *Body {
	b := &Body{
		engine:  e,
		c:       c,
		exited:  make(chan syscall.WaitStatus, 1),
		signals: make(chan syscall.Signal, 16),
		asked:   closed(),
	}
	b.life, b.end = context.WithCancel(e.life)
	return b
}

// Name returns the container's name.
func (b *Body) Name() string { return b.c.Name }

// Engine returns the path of the engine's socket.
func (b *Body) Engine() string { return b.engine.socket }

// Create makes the container and does not start it. The binds must exist: the
// engine makes no directory that is missing. That the engine sees the datasets
// there is for the caller to know (volumes.Held.StartContainer). A volume of the
// image's that would be mounted inside one or over it is an error. The container's
// labels name the datasets. A container of this name and with these labels is a
// leftover of an attempt whose outcome nobody learned, and is removed first; any
// other container of this name is ErrName.
func (b *Body) Create(ctx context.Context, binds []volumes.BodyBind) error {
	b.bound = len(binds) > 0
	err := b.nothingOver(ctx, binds)
	if err == nil {
		err = b.anew(ctx, func(ctx context.Context) error { return b.create(ctx, binds) })
	}
	if err == nil {
		err = b.join(ctx)
	}
	if err != nil {
		return fmt.Errorf("create container %s: %w", b.c.Name, err)
	}
	return nil
}

// anew makes a container of this name, again when the leftover of an attempt has
// been removed.
func (b *Body) anew(ctx context.Context, create func(context.Context) error) error {
	limited := func() error {
		ctx, cancel := context.WithTimeout(ctx, changeTimeout)
		defer cancel()
		return create(ctx)
	}
	err := limited()
	if errdefs.IsConflict(err) {
		if err = b.removeOwn(ctx); err == nil {
			err = limited()
		}
	}
	return err
}

func (b *Body) create(ctx context.Context, binds []volumes.BodyBind) error {
	ref, err := parseImage(b.c.Image.Reference)
	if err != nil {
		return err
	}
	config, host := b.c.Config, b.c.Host
	config.Image = reference.FamiliarString(ref)
	config.AttachStdout, config.AttachStderr = true, true
	config.Labels = datasetLabels(config.Labels, binds)
	host.Mounts = append(host.Mounts[:len(host.Mounts):len(host.Mounts)], bindMounts(binds)...)
	if host.CgroupParent == "" {
		if host.CgroupParent, err = b.cgroupParent(ctx, len(binds) > 0); err != nil {
			return err
		}
	}
	made, err := b.ask(ctx, client.ContainerCreateOptions{
		Name: b.c.Name, Config: &config, HostConfig: &host, NetworkingConfig: b.c.firstNetwork(),
	})
	for _, warning := range made.Warnings {
		b.engine.log.Warn("docker engine: " + warning)
	}
	return err
}

// removeOwn removes a container of this name if it is this task's.
func (b *Body) removeOwn(ctx context.Context) error {
	found, err := b.inspect(ctx)
	switch {
	case errdefs.IsNotFound(err):
		return nil // gone in between
	case err != nil:
		return err
	case len(b.c.Config.Labels) == 0 || !ours(b.c.Config.Labels, found.Container):
		return fmt.Errorf("%w by container %.12s, which is not this task's", ErrName, found.Container.ID)
	}
	return b.engine.remove(ctx, b.c.Name)
}

// ours: the image may have added labels of its own.
func ours(labels map[string]string, found container.InspectResponse) bool {
	if found.Config == nil {
		return false
	}
	all := maps.Clone(found.Config.Labels)
	maps.Copy(all, labels)
	return maps.Equal(all, found.Config.Labels)
}

func (b *Body) inspect(ctx context.Context) (client.ContainerInspectResult, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return b.engine.api.ContainerInspect(ctx, b.ref(), client.ContainerInspectOptions{})
}

// Exited delivers how the container ended, once, after all its output was
// written. It is closed without a value when that cannot be learned; Why tells
// more. When Remove has returned nil it is closed.
func (b *Body) Exited() <-chan syscall.WaitStatus { return b.exited }

// Why says in a sentence without a capital what besides its status there is to
// say of the container's end, such as that the kernel killed it for want of
// memory; "" is nothing. It means something once Exited delivered or is closed.
func (b *Body) Why() string {
	if why := b.why.Load(); why != nil {
		return *why
	}
	return ""
}

// OutOfMemory says whether the kernel killed a process of the container for want of
// memory. It means something when Why does.
func (b *Body) OutOfMemory() bool { return b.memory.Load() }

// ref is what the engine knows the container by: its name, until it runs. Then
// somebody may give it another.
func (b *Body) ref() string {
	if run := b.Running(); run != nil {
		return run.ID
	}
	return b.c.Name
}

func (b *Body) field() zap.Field { return zap.String("container", b.c.Name) }

func (b *Body) finish(status *syscall.WaitStatus, why string) {
	b.over.Do(func() {
		b.why.Store(&why)
		if status != nil {
			b.exited <- *status
		}
		close(b.exited)
	})
}

// spawn runs f until it returns; its context ends with the container's removal
// or the engine's Close.
func (b *Body) spawn(f func(context.Context)) {
	b.workers.Add(1)
	b.engine.workers.Go(func() {
		defer b.workers.Done()
		f(b.life)
	})
}

var errNotStarted = errors.New("the container has not been started")
