package executor_test

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// pinnedFor makes the first n releases fail, each after its whole time, with a
// volume that stays pinned.
func (w *world) pinnedFor(n int64) (attempts *atomic.Int64) {
	attempts = &atomic.Int64{}
	w.pinned.Store(true)
	w.onRelease = func(ctx context.Context) error {
		if attempts.Add(1) > n {
			w.pinned.Store(false)
			return nil
		}
		<-ctx.Done()
		return errors.New("process 7 may still write to dataset d")
	}
	return attempts
}

// The terminal status goes out in its time, and then the executor lives until
// nobody can write any more: its death would let another node have the dataset.
func TestStaysUntilNothingIsPinned(t *testing.T) {
	var attempts *atomic.Int64
	inWorld(t, func(w *world) { attempts = w.pinnedFor(10) }, func(t *testing.T, w *world) {
		w.running(info("t"))
		began := time.Now()
		w.exited <- 0
		end := w.acked(mesos.TASK_FINISHED)
		wantMessage(t, end, "Command exited with status 0; ", "process 7 may still write to dataset d")
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("terminal status after %v", took)
		}
		if err := w.ended(); err != nil {
			t.Error(err)
		}
		if n := attempts.Load(); n != 11 || w.pinned.Load() {
			t.Errorf("%d attempts, pinned %v", n, w.pinned.Load())
		}
	})
}

// An agent that cannot be told is no reason to let go of the volume either.
func TestStaysPinnedWithoutAgent(t *testing.T) {
	var attempts *atomic.Int64
	change := func(w *world) {
		w.options.Environment.Checkpoint = false
		attempts = w.pinnedFor(3)
	}
	inWorld(t, change, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.away.Store(true)
		w.stream.end()
		w.signalled(syscall.SIGTERM)
		w.exited <- syscall.WaitStatus(syscall.SIGTERM)
		if err := w.ended(); err == nil || attempts.Load() != 4 {
			t.Errorf("error %v after %d attempts", err, attempts.Load())
		}
	})
}

func TestShutdownEndsTheStay(t *testing.T) {
	for name, order := range map[string]func(*world){
		"SHUTDOWN": func(w *world) { w.stream.send(&wire.Event{Type: wire.Event_SHUTDOWN}) },
		"SIGTERM":  func(w *world) { w.terminate <- syscall.SIGTERM },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) { w.pinnedFor(1 << 30) }, func(t *testing.T, w *world) {
				w.running(info("t"))
				w.exited <- 0
				w.acked(mesos.TASK_FINISHED)
				<-time.After(24 * time.Hour)
				if len(w.result) != 0 {
					t.Fatal("the executor has ended")
				}
				began := time.Now()
				order(w)
				if err := w.ended(); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != 4500*time.Millisecond || w.abandoned.Load() {
					t.Errorf("took %v, abandoned %v", took, w.abandoned.Load())
				}
			})
		})
	}
}
