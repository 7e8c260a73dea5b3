package volumes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// The storage system is asked where a dataset is only for the reason that a
// person sees, so seldom.
const (
	firstAsk = 2 * time.Second
	nextAsk  = 10 * time.Second
)

// await waits until v's dataset is mounted here, and pins it: from then on it
// cannot leave. A mount that goes between the two is waited for again.
func (h *Held) await(ctx context.Context, v *holding) error {
	h.launch(ctx)
	described := h.describe(ctx, v)
	defer described()
	for {
		m, err := mounts.Wait(ctx, v.entry.Record.Dataset)
		if err != nil {
			return err
		}
		if err := h.apart(v, m); err != nil {
			return err
		}
		failpoint.Hit("pin.before")
		pin, err := mounts.Pin(m)
		failpoint.Hit("pin.after")
		if err == nil {
			v.mount, v.pin = m, pin
			h.o.log().Info("volume mounted and pinned", append(v.fields(), zap.String("mount", m.Point), zap.Duration("after", time.Since(v.began)))...)
			return h.ready(ctx, v)
		}
		again, found, findErr := mounts.Find(v.entry.Record.Dataset)
		if findErr != nil || found && again == m {
			return errors.Join(err, findErr)
		}
	}
}

// apart refuses a container path in the storage root: the guard detaches what is
// mounted there. A container's paths are not the node's.
func (h *Held) apart(v *holding, m mounts.Mount) error {
	if h.o.Mapped != "" {
		return nil
	}
	for _, path := range []string{h.o.place(v.Volume), h.o.Sandbox} {
		if mounts.Below(path, m.Root) || mounts.Below(m.Root, h.o.place(v.Volume)) {
			return fmt.Errorf("path %s: it lies in or around the storage root %s; a directory apart from it is allowed: %w",
				path, m.Root, ErrRefused)
		}
	}
	return nil
}

// describe reports now and then where v's dataset is. The result ends that; the
// last state seen is v's then.
func (h *Held) describe(ctx context.Context, v *holding) (end func()) {
	d, ok := h.o.Store.(Describer)
	if !ok {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for wait := firstAsk; ; wait = nextAsk {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			state, err := d.Describe(ctx, v.entry.Record)
			if err == nil {
				h.tell(v, state)
			} else if ctx.Err() == nil {
				h.o.log().Debug("no description of the dataset", zap.String("volume", v.Name), zap.Error(err))
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}
