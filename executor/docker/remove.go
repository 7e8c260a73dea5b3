package docker

import (
	"context"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"go.uber.org/zap"
)

// Remove kills the container and removes it with the image's own volumes. It
// returns nil only when the engine says that there is no such container, or no
// more than files of it, and its first process, if it can be seen, is gone; until
// then it tries again, for as long as ctx lasts. It may be called in any state,
// again and again.
func (b *Body) Remove(ctx context.Context) error {
	b.removing.Store(true)
	if err := b.answered(ctx); err != nil {
		return err
	}
	if err := b.engine.remove(ctx, b.ref()); err != nil {
		return err
	}
	// An engine that was given another folder knows no container and killed none.
	b.process.kill()
	for _, ended := range []<-chan struct{}{b.process.ended(), b.watched} {
		if ended == nil {
			continue
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return fmt.Errorf("remove container %s: its processes have not ended: %w", b.c.Name, context.Cause(ctx))
		}
	}
	b.end()
	b.workers.Wait()
	b.tidyCgroups()
	b.finish(nil, "it was removed")
	return nil
}

// Remove kills and removes the container of this name of the engine at socket,
// for whoever cleans up behind an executor. That it is gone already is success. It
// returns nil only when the engine says that it is gone.
func Remove(ctx context.Context, socket, name string) error {
	e, err := Open(ctx, Options{Socket: socket})
	if err != nil {
		return fmt.Errorf("remove container %s: %w", name, err)
	}
	defer e.Close()
	return e.remove(ctx, name)
}

// remove repeats until the engine does not know the container, or has only files
// of it left. What is being removed by somebody already is waited for.
func (e *Engine) remove(ctx context.Context, name string) error {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		gone, err := e.tryRemove(ctx, name)
		if gone {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("remove container %s: %w (last: %w)", name, context.Cause(ctx), err)
		}
	}
}

func (e *Engine) tryRemove(ctx context.Context, name string) (gone bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	_, asked := e.api.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	found, err := e.api.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if errdefs.IsNotFound(err) {
		return true, nil
	}
	if err == nil && errdefs.IsInternal(asked) && neverAgain(found.Container.State) {
		e.log.Error("docker engine: the container is dead and cannot start again, but its files are not removed; remove it by hand", zap.String("container", name), zap.Error(asked))
		return true, nil
	}
	if asked != nil {
		return false, asked
	}
	if err == nil {
		err = fmt.Errorf("it is still there")
	}
	return false, err
}

// neverAgain: the engine starts no container that it has marked for removal, which
// it does when all its processes have ended.
func neverAgain(s *container.State) bool {
	return s != nil && s.Dead && !s.Running && s.Pid == 0
}
