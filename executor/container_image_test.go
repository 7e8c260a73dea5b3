package executor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// until begins something that ends with its context, and says so.
func until(begun chan<- struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		return context.Cause(ctx)
	}
}

// Image and volumes are on their way at the same time, and both are told of.
func TestImageBesideVolumes(t *testing.T) {
	image, held := make(chan struct{}), make(chan struct{})
	inBox(t, func(w *world, b *box) {
		image, held = make(chan struct{}), make(chan struct{}) // of the bubble
		b.onPrepare = func(_ context.Context, report func(string)) error {
			report("image busybox: 10 of 20 MiB")
			close(image)
			<-held
			return nil
		}
		w.onHold = func(_ context.Context, report func(volumes.Progress)) error {
			<-image
			report(volumes.Progress{Volume: "data", State: "moving", Elapsed: 0})
			<-time.After(11 * time.Second)
			close(held)
			return nil
		}
	}, func(t *testing.T, w *world, b *box) {
		w.stream.send(launch(onHost()))
		w.acked(mesos.TASK_STARTING)
		wantMessage(t, w.acked(mesos.TASK_STARTING), "dataset data is moving, 5 s; image busybox: 10 of 20 MiB")
		w.acked(mesos.TASK_RUNNING)
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
}

func TestImageProgressAlone(t *testing.T) {
	inBox(t, func(_ *world, b *box) {
		b.onPrepare = func(_ context.Context, report func(string)) error {
			report("image busybox: 1 of 2 layers")
			<-time.After(6 * time.Second)
			return nil
		}
	}, func(t *testing.T, w *world, b *box) {
		w.stream.send(launch(onHost()))
		w.acked(mesos.TASK_STARTING)
		if s := w.acked(mesos.TASK_STARTING); s.GetMessage() != "image busybox: 1 of 2 layers" {
			t.Errorf("message %q", s.GetMessage())
		}
		w.acked(mesos.TASK_RUNNING)
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
}

// The first that fails calls the other off, and what was taken is given back.
func TestImageOrVolumesFail(t *testing.T) {
	notFound := errors.New("image nowhere/busybox: not found")
	busy := errors.New("dataset data is held by node 2222")
	for _, c := range []struct {
		name     string
		change   func(*world, *box)
		message  string
		released bool
	}{
		{"the image, while volumes are acquired", func(w *world, b *box) {
			begun := make(chan struct{})
			hang := until(begun)
			b.onPrepare = func(context.Context, func(string)) error { <-begun; return notFound }
			w.onHold = func(ctx context.Context, _ func(volumes.Progress)) error {
				return &volumes.HoldError{Volumes: []volumes.VolumeState{{Name: "data", State: volumes.StateLeft}}, Err: hang(ctx)}
			}
		}, notFound.Error() + "; called off: the image cannot be had", false},
		{"the image, when volumes are held", func(w *world, b *box) {
			held := make(chan struct{})
			b.onPrepare = func(context.Context, func(string)) error { <-held; return notFound }
			w.onHold = func(context.Context, func(volumes.Progress)) error { close(held); return nil }
		}, notFound.Error(), true},
		{"a volume, while the image is pulled", func(w *world, b *box) {
			begun := make(chan struct{})
			hang := until(begun)
			b.onPrepare = func(ctx context.Context, _ func(string)) error { return hang(ctx) }
			w.onHold = func(context.Context, func(volumes.Progress)) error { <-begun; return busy }
		}, busy.Error(), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBox(t, c.change, func(t *testing.T, w *world, b *box) {
				w.stream.send(launch(onHost()))
				w.acked(mesos.TASK_STARTING)
				end := w.acked(mesos.TASK_FAILED)
				if end.GetMessage() != c.message {
					t.Errorf("message %q, wanted %q", end.GetMessage(), c.message)
				}
				wantReason(t, end, reason(mesos.REASON_CONTAINER_LAUNCH_FAILED))
				if w.started.Load() || w.released.Load() != c.released {
					t.Errorf("started %v, released %v", w.started.Load(), w.released.Load())
				}
			})
		})
	}
}

// A KILL ends both.
func TestKillDuringPull(t *testing.T) {
	inBox(t, func(w *world, b *box) {
		pulling, holding := until(make(chan struct{})), until(make(chan struct{}))
		b.onPrepare = func(ctx context.Context, _ func(string)) error { return pulling(ctx) }
		w.onHold = func(ctx context.Context, _ func(volumes.Progress)) error { return holding(ctx) }
	}, func(t *testing.T, w *world, b *box) {
		w.stream.send(launch(onHost()))
		w.acked(mesos.TASK_STARTING)
		w.stream.send(kill("t"))
		wantMessage(t, w.acked(mesos.TASK_KILLED), "Killed before the task was started: ", "task was killed")
	})
}

// A KILL finds the volumes held and the image on its way: their release may not
// hold up the status.
func TestKillDuringPullWithVolumesHeld(t *testing.T) {
	var held chan struct{}
	inBox(t, func(w *world, b *box) {
		held = make(chan struct{})
		b.onPrepare = func(ctx context.Context, _ func(string)) error { <-ctx.Done(); return context.Cause(ctx) }
		w.onHold = func(context.Context, func(volumes.Progress)) error { close(held); return nil }
		w.onRelease = func(ctx context.Context) error { <-ctx.Done(); return errors.New("data is still held") }
	}, func(t *testing.T, w *world, b *box) {
		w.stream.send(launch(onHost()))
		w.acked(mesos.TASK_STARTING)
		<-held
		began := time.Now()
		w.stream.send(kill("t"))
		wantMessage(t, w.acked(mesos.TASK_KILLED), "task was killed", "data is still held")
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("terminal status after %v", took)
		}
	})
}
