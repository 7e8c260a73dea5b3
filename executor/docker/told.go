package docker

import (
	"context"
	"syscall"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
)

// statusKilled is that of a first process that SIGKILL ended.
const statusKilled = 128 + int64(syscall.SIGKILL)

// secondLife is why nobody knows how the first one ended.
const secondLife = "it has ended, and was started again by hand or by a restart policy set by hand"

// tell publishes the end.
func (w *watch) tell(ctx context.Context, end container.WaitResponse) {
	why := ""
	if end.Error != nil {
		why = end.Error.Message
	}
	found, err := w.body.inspect(ctx)
	s := found.Container.State
	switch {
	case w.body.removing.Load():
	case err == nil && s != nil && s.StartedAt != w.body.Running().since && end.StatusCode == 0:
		// The engine tells the status that the container has when it comes to
		// telling, which is 0 from its second start on.
		w.body.finish(nil, secondLife)
		return
	case errdefs.IsNotFound(err), err == nil && s != nil && removal(s):
		why = "somebody removed the container"
	case err == nil && s != nil && s.OOMKilled:
		// The first process, or some other of it, which it may have survived.
		why = "it ran out of memory, and the kernel killed it"
		if end.StatusCode != statusKilled {
			why = "it ran out of memory, and the kernel killed a process of it"
		}
		w.body.memory.Store(true)
	}
	status := syscall.WaitStatus(end.StatusCode << 8)
	w.body.finish(&status, why)
}

func removal(s *container.State) bool {
	return s.Status == container.StateRemoving || s.Status == container.StateDead
}
