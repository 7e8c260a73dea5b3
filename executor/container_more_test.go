package executor_test

import (
	"context"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// An image that is there calls nothing off, however long the volumes take.
func TestImageBeforeVolumes(t *testing.T) {
	inBox(t, func(w *world, b *box) {
		w.onHold = func(ctx context.Context, _ func(volumes.Progress)) error {
			<-time.After(time.Minute) // the image is there for long
			return context.Cause(ctx)
		}
	}, func(t *testing.T, w *world, b *box) {
		w.stream.send(launch(onHost()))
		w.acked(mesos.TASK_STARTING)
		w.acked(mesos.TASK_RUNNING)
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
}

// Where the container has no address of its own there is no entry at all, for the
// agent puts in its own then.
func TestContainerWithoutAddress(t *testing.T) {
	inBox(t, func(_ *world, b *box) { b.running.Networks = []docker.Network{{Name: "host"}} }, func(t *testing.T, w *world, b *box) {
		w.stream.send(launch(onHost()))
		w.acked(mesos.TASK_STARTING)
		s := w.acked(mesos.TASK_RUNNING)
		if infos := s.GetContainerStatus().GetNetworkInfos(); len(infos) > 0 {
			t.Errorf("network_infos %v", infos)
		}
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
}
