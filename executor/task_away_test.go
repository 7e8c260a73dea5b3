package executor_test

import (
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

func TestAgentLost(t *testing.T) {
	inWorld(t, func(w *world) { w.options.Environment.Checkpoint = false }, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.away.Store(true)
		w.stream.end()
		w.signalled(syscall.SIGTERM)
		w.exited <- syscall.WaitStatus(syscall.SIGTERM)
		if err := w.ended(); err == nil || !w.released.Load() {
			t.Errorf("error %v, released %v", err, w.released.Load())
		}
	})
}

// A task that ends while the agent is away is reported when it is back.
func TestEndsWhileAgentIsAway(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.away.Store(true)
		w.stream.end()
		w.exited <- 0
		<-time.After(10 * time.Minute)
		w.away.Store(false)
		w.stream = <-w.streams
		carried := w.stream.call.Subscribe.UnacknowledgedUpdates
		if len(carried) != 1 || carried[0].Status.GetState() != mesos.TASK_FINISHED {
			t.Fatalf("carried: %+v", carried)
		}
		w.stream.send(subscribed(), acknowledged(carried[0].Status))
		if err := w.ended(); err != nil {
			t.Error(err)
		}
	})
}

func TestNoAcknowledgement(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.running(info("t"))
		w.exited <- 0
		wantState(t, w.agent, mesos.TASK_FINISHED).answer <- http.StatusAccepted
		sent := time.Now()
		if err := w.ended(); !errors.Is(err, executor.ErrUnacknowledged) || time.Since(sent) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(sent))
		}
	})
}
