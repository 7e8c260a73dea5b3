package docker

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

const (
	// An engine that has not carried out SIGKILL by then is passed over.
	killPatience = 2 * time.Second
	// The engine itself waits ten seconds for the end of what it killed.
	killTimeout = 15 * time.Second
)

// Signal has the container's first process sent a signal and returns at once.
// SIGTERM means the signal that the image says stops it. A later signal takes the
// place of one that the engine has not taken yet; what fails for want of the
// engine is tried again until the container ends. SIGKILL goes past an engine
// that hangs. After the container's end nothing happens.
func (b *Body) Signal(sig syscall.Signal) error {
	if b.Running() == nil {
		return fmt.Errorf("signal container %s: %w", b.c.Name, errNotStarted)
	}
	select {
	case b.signals <- sig:
		return nil
	default:
		return fmt.Errorf("signal container %s: %d signals wait already", b.c.Name, cap(b.signals))
	}
}

// signaller delivers a body's signals, one goroutine for the loop and one for
// the signal under way.
type signaller struct {
	body    *Body
	stop    string // what SIGTERM means
	process *process
	ended   <-chan struct{}
}

func (s *signaller) run(ctx context.Context) {
	ctx, over := context.WithCancel(ctx)
	cancel, idle := func() {}, closed()
	defer func() { over(); <-idle }()
	for {
		select {
		case sig := <-s.body.signals:
			cancel()
			<-idle
			cancel, idle = s.begin(ctx, sig)
		case <-s.ended:
			return
		case <-ctx.Done():
			return
		}
	}
}

func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func (s *signaller) begin(ctx context.Context, sig syscall.Signal) (context.CancelFunc, <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		if sig == syscall.SIGKILL {
			patience := time.AfterFunc(killPatience, s.process.kill)
			defer patience.Stop()
		}
		s.deliver(ctx, sig)
	}()
	return cancel, done
}

// deliver returns when the engine has done it, or there is nothing to signal.
func (s *signaller) deliver(ctx context.Context, sig syscall.Signal) {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for told := false; ; told = true {
		err := s.ask(ctx, sig)
		if err == nil || ctx.Err() != nil || errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
			return
		}
		if !told {
			s.body.engine.log.Warn("docker engine: signal not delivered, trying again", s.body.field(), zap.Stringer("signal", sig), zap.Error(err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *signaller) ask(ctx context.Context, sig syscall.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	name := unix.SignalName(sig)
	if sig == syscall.SIGTERM {
		name = s.stop
	}
	_, err := s.body.engine.api.ContainerKill(ctx, s.body.ref(), client.ContainerKillOptions{Signal: name})
	return err
}
