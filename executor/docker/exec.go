package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
	"go.uber.org/zap"
)

// execSettle bounds asking how a command ended that has just ended.
const execSettle = 5 * time.Second

// Exec runs a command in the running container, with the container's environment
// and env, as the container's user, and returns its exit code. It reads nothing,
// and what it writes goes to this process's standard error. When ctx ends first,
// the command gets SIGKILL and the error is ctx's cause: the engine cannot kill it,
// so that it lives on if its process cannot be seen from here. It may be called from
// any goroutine, several times at once.
func (b *Body) Exec(ctx context.Context, argv, env []string) (exit int, err error) {
	exit, err = b.exec(ctx, argv, env)
	if err != nil {
		return 0, fmt.Errorf("run a command in container %s: %w", b.c.Name, err)
	}
	return exit, nil
}

func (b *Body) exec(ctx context.Context, argv, env []string) (int, error) {
	if b.Running() == nil {
		return 0, errNotStarted
	}
	made, err := b.engine.api.ExecCreate(ctx, b.ref(), client.ExecCreateOptions{
		AttachStdout: true, AttachStderr: true, Env: env, Cmd: argv,
	})
	if err != nil {
		return 0, err
	}
	a, err := b.engine.api.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, err
	}
	var copied error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, copied = stdcopy.StdCopy(os.Stderr, os.Stderr, a.Reader)
	}()
	select {
	case <-ended:
		a.Close()
		return b.execEnd(ctx, made.ID, copied)
	case <-ctx.Done():
		err := context.Cause(ctx)
		b.execKill(ctx, made.ID)
		a.Close()
		<-ended
		return 0, err
	}
}

// execEnd asks for the exit code: the output ends a moment before the engine
// knows it.
func (b *Body) execEnd(ctx context.Context, id string, copied error) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, execSettle)
	defer cancel()
	tick := time.NewTicker(retryEvery / 10)
	defer tick.Stop()
	for {
		found, err := b.engine.api.ExecInspect(ctx, id, client.ExecInspectOptions{})
		if err != nil {
			return 0, errors.Join(err, copied)
		}
		if !found.Running {
			return found.ExitCode, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, fmt.Errorf("its output ended, and it runs on: %w", context.Cause(ctx))
		}
	}
}

// execKill kills a command with the session that it leads.
func (b *Body) execKill(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	found, err := b.engine.api.ExecInspect(ctx, id, client.ExecInspectOptions{})
	if err == nil && found.Running && found.PID > 1 {
		if err = belongs(found.PID, b.Running().ID); err == nil {
			err = syscall.Kill(-found.PID, syscall.SIGKILL)
		}
	}
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		b.engine.log.Warn("docker: a command in the container runs on", b.field(), zap.Error(err))
	}
}
