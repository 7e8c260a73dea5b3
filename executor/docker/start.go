package docker

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Running is what the engine says of a container that it has just started.
type Running struct {
	Inspect  []byte // JSON text: an array of one, as `docker inspect` prints
	ID       string
	PID      int // of its first process, in the engine's PID namespace; 0: it has ended
	Networks []Network

	since string // when it started, in the engine's words
}

// Network is a network that the container is on.
type Network struct {
	Name       string
	IPv4, IPv6 netip.Addr // not valid: none
}

// Start starts the container: its output is written from the first byte, its end
// is watched for. It returns when the engine says that it has been started, with
// the process id of its first process, or 0 if that has ended already. When it
// fails the container may be running all the same, if the engine did not answer, or
// if its process cannot be seen from here and it has datasets; Remove settles that.
func (b *Body) Start(ctx context.Context) (pid int, err error) {
	run, err := b.start(ctx)
	if err != nil {
		return 0, fmt.Errorf("start container %s: %w", b.c.Name, err)
	}
	if b.process == nil {
		return 0, nil
	}
	return run.PID, nil
}

func (b *Body) start(ctx context.Context) (*Running, error) {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	w, err := b.prepareWatch(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := b.engine.api.ContainerStart(ctx, b.c.Name, client.ContainerStartOptions{}); err != nil {
		w.abandon()
		return nil, err
	}
	b.resize(ctx)
	run, stopSignal, err := b.started(ctx)
	if err != nil {
		w.abandon()
		return nil, err
	}
	hidden := w.begin(run)
	b.running.Store(run)
	b.watched, b.process = w.done, w.process
	b.spawn(w.run)
	b.spawn((&signaller{body: b, stop: stopSignal, process: w.process, ended: w.done}).run)
	if hidden != nil && b.bound {
		return nil, fmt.Errorf("what it sees of its datasets, and its end, cannot be seen: %w", hidden)
	}
	return run, nil
}

// started asks until the engine knows when the container started, which it tells
// a moment later.
func (b *Body) started(ctx context.Context) (*Running, string, error) {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		found, err := b.inspect(ctx)
		if err != nil {
			return nil, "", err
		}
		if s := found.Container.State; s != nil && began(s) {
			return running(found), stopSignal(found.Container), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, "", fmt.Errorf("wait for its start: %w", context.Cause(ctx))
		}
	}
}

func began(s *container.State) bool {
	t, err := time.Parse(time.RFC3339Nano, s.StartedAt)
	return err == nil && t.Year() > 1
}

func stopSignal(c container.InspectResponse) string {
	if c.Config == nil || c.Config.StopSignal == "" {
		return "SIGTERM"
	}
	return c.Config.StopSignal
}

func running(found client.ContainerInspectResult) *Running {
	r := &Running{
		Inspect: append(append([]byte("["), found.Raw...), ']'),
		ID:      found.Container.ID,
		PID:     found.Container.State.Pid,
		since:   found.Container.State.StartedAt,
	}
	if s := found.Container.NetworkSettings; s != nil {
		for name, n := range s.Networks {
			r.Networks = append(r.Networks, Network{Name: name, IPv4: n.IPAddress, IPv6: n.GlobalIPv6Address})
		}
	}
	slices.SortFunc(r.Networks, func(a, b Network) int { return strings.Compare(a.Name, b.Name) })
	return r
}

// Running returns what the engine said when the container had started; nil
// before Start has returned without an error.
func (b *Body) Running() *Running { return b.running.Load() }
