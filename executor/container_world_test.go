package executor_test

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// box is a container of a world, on virtual time, where no engine is. Its start,
// signals and end are those of the life that holds it. The zero hooks succeed.
type box struct {
	onPrepare func(ctx context.Context, report func(string)) error
	onExec    func(ctx context.Context, argv, env []string) (int, error)
	onDial    func(ctx context.Context, network, address string) (net.Conn, error)
	running   docker.Running
	why       string
	memory    bool
	closed    atomic.Bool
}

func (b *box) Prepare(ctx context.Context, report func(string)) error {
	if b.onPrepare == nil {
		return nil
	}
	return b.onPrepare(ctx, report)
}

func (b *box) Exec(ctx context.Context, argv, env []string) (int, error) {
	return b.onExec(ctx, argv, env)
}

func (b *box) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return b.onDial(ctx, network, address)
}

func (b *box) Running() *docker.Running { return &b.running }
func (b *box) Why() string              { return b.why }
func (b *box) OutOfMemory() bool        { return b.memory }
func (b *box) Close()                   { b.closed.Store(true) }

// What the life does in its stead.
func (b *box) Name() string                                     { return "flocker-box" }
func (b *box) Engine() string                                   { return "/run/docker.sock" }
func (b *box) Create(context.Context, []volumes.BodyBind) error { return nil }
func (b *box) Start(context.Context) (int, error)               { return 0, nil }
func (b *box) Signal(syscall.Signal) error                      { return nil }
func (b *box) Exited() <-chan syscall.WaitStatus                { return nil }
func (b *box) Remove(context.Context) error                     { return nil }

// inBox runs a test in a world whose tasks get the box for a container.
func inBox(t *testing.T, change func(*world, *box), test func(t *testing.T, w *world, b *box)) {
	b := &box{running: docker.Running{Inspect: []byte(`[{"Name":"/flocker-box"}]`)}}
	inWorld(t, func(w *world) {
		w.options.Spec.Environ = []string{"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=5secs"}
		w.options.Container = func(_ context.Context, s executor.Spec) (executor.Container, error) {
			if s.Container == nil {
				t.Error("an engine is opened for a process")
			}
			return b, nil
		}
		if change != nil {
			change(w, b)
		}
	}, func(t *testing.T, w *world) {
		test(t, w, b)
		if err := w.ended(); err != nil {
			t.Error(err)
		}
		if !b.closed.Load() {
			t.Error("the engine is not closed")
		}
	})
}

// boxed is a task in a container with this network.
func boxed(mode mesos.ContainerInfo_DockerInfo_Network, infos ...mesos.NetworkInfo) mesos.TaskInfo {
	kind := mesos.ContainerInfo_DOCKER
	task := info("t")
	task.Container = &mesos.ContainerInfo{
		Type: &kind, NetworkInfos: infos,
		Docker: &mesos.ContainerInfo_DockerInfo{Image: "busybox", Network: &mode},
	}
	return task
}

func onHost() mesos.TaskInfo { return boxed(mesos.ContainerInfo_DockerInfo_HOST) }

func onNetwork(name, address string) docker.Network {
	n := docker.Network{Name: name}
	if a := netip.MustParseAddr(address); a.Is4() {
		n.IPv4 = a
	} else {
		n.IPv6 = a
	}
	return n
}
