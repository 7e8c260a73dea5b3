package executor_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

func TestProgressIsPaced(t *testing.T) {
	moving := func(i int) volumes.Progress {
		return volumes.Progress{Volume: "webapp-data", State: "moving from node 2222…", Elapsed: time.Duration(i) * time.Second}
	}
	inWorld(t, func(w *world) {
		w.onHold = func(ctx context.Context, report func(volumes.Progress)) error {
			for i := range 100 {
				<-time.After(time.Second)
				report(moving(i))
			}
			return nil
		}
	}, func(t *testing.T, w *world) {
		began := time.Now()
		w.stream.send(launch(info("t")))
		first := wantState(t, w.agent, mesos.TASK_STARTING)
		first.answer <- http.StatusAccepted
		<-time.After(9 * time.Second)
		if len(w.updates) != 0 {
			t.Error("progress before the first update is acknowledged")
		}
		w.stream.send(acknowledged(first.status))
		last := time.Now().Add(-time.Minute)
		for range 6 {
			s := w.acked(mesos.TASK_STARTING)
			wantMessage(t, s, "webapp-data", "moving from node 2222")
			if gap := time.Since(last); gap < 5*time.Second {
				t.Errorf("two updates within %v", gap)
			}
			last = time.Now()
		}
		w.acked(mesos.TASK_RUNNING)
		if took := time.Since(began); took != 100*time.Second {
			t.Errorf("RUNNING after %v", took)
		}
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
}

// A message that had to wait says how long it has been by now.
func TestProgressIsNotOld(t *testing.T) {
	inWorld(t, func(w *world) {
		w.onHold = func(_ context.Context, report func(volumes.Progress)) error {
			<-time.After(time.Second)
			report(volumes.Progress{Volume: "webapp-data", State: "moving", Elapsed: time.Second})
			<-time.After(time.Minute)
			return nil
		}
	}, func(t *testing.T, w *world) {
		began := time.Now()
		w.stream.send(launch(info("t")))
		first := wantState(t, w.agent, mesos.TASK_STARTING)
		first.answer <- http.StatusAccepted
		<-time.After(9 * time.Second)
		w.stream.send(acknowledged(first.status))
		s := w.acked(mesos.TASK_STARTING)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("progress after %v", took)
		}
		wantMessage(t, s, "webapp-data is moving, 10 s")
		w.acked(mesos.TASK_RUNNING)
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
}
