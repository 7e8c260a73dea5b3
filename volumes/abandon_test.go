package volumes_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// neverMounted is a world whose dataset "data" the agent cannot mount.
func neverMounted(t *testing.T) (w *world, id string, ctx context.Context, cancel context.CancelFunc) {
	t.Helper()
	w = newWorld(t)
	id = w.dataset("data", there)
	w.cluster.change(func(s *state) { s.Datasets[id].Broken = true })
	ctx, cancel = context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return w, id, ctx, cancel
}

// A task that is killed while it acquires is told so in time, whatever the
// control service does.
func TestAbandonedAcquireWithoutService(t *testing.T) {
	w, id, ctx, cancel := neverMounted(t)
	var away atomic.Bool
	o := w.options("task-1", func(request string) error {
		if request == "brought" {
			away.Store(true)
			cancel()
		} else if away.Load() {
			return errors.New("connection refused")
		}
		return nil
	})
	_, err := volumes.Hold(ctx, o, []volumes.Volume{vol("data")}, nil)
	if err == nil || !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), "unless recovery returns it") {
		t.Errorf("hold must name what is left: %v", err)
	}
	w.recover(false)
	w.wantPutBack(id)
	w.clean()
}

// silent is a storage system that takes no lease back.
type silent struct {
	store
	asked func() // to take one back
}

func (s silent) Return(ctx context.Context, _ volumes.Record) error {
	s.asked()
	<-ctx.Done()
	return context.Cause(ctx)
}

// Who has little time to abandon an acquire says so.
func TestAbandonedAcquireInTime(t *testing.T) {
	w, _, ctx, cancel := neverMounted(t)
	o := w.options("task-1", nil)
	o.Store = silent{store{cluster: w.cluster, node: here, fault: func(request string) error {
		if request == "brought" {
			cancel()
		}
		return nil
	}}, func() {}}
	o.AbandonTimeout = 200 * time.Millisecond
	_, err := volumes.Hold(ctx, o, []volumes.Volume{vol("data")}, nil)
	if err == nil || !strings.Contains(err.Error(), "not done within 200ms") {
		t.Errorf("hold: %v", err)
	}
	w.recover(false)
	w.clean()
}

// Who is killed while a failed acquire is undone is told so as soon.
func TestKilledWhileAnAcquireIsUndone(t *testing.T) {
	w, _, ctx, cancel := neverMounted(t)
	o := w.options("task-1", nil)
	o.Store = silent{store{cluster: w.cluster, node: here}, cancel}
	o.AcquireTimeout, o.ReleaseTimeout, o.AbandonTimeout = 100*time.Millisecond, time.Hour, 200*time.Millisecond
	_, err := volumes.Hold(ctx, o, []volumes.Volume{vol("data")}, nil)
	if err == nil || !strings.Contains(err.Error(), "not ready within 100ms") || !strings.Contains(err.Error(), "not done within 200ms") {
		t.Errorf("hold: %v", err)
	}
	w.recover(false)
	w.clean()
}
