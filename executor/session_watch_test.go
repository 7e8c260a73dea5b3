package executor_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// What the agent took and did not acknowledge is sent again, in order and the
// same; when that does not help, it goes along with a new subscription.
func TestAcknowledgementsLost(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(subscribed(), launch(info("t")))
		var sent []mesos.TaskStatus
		for _, state := range []mesos.TaskState{mesos.TASK_STARTING, mesos.TASK_RUNNING} {
			s.Send(status(state))
			u := wantState(t, a, state)
			u.answer <- http.StatusAccepted
			sent = append(sent, u.status)
		}
		began := time.Now()
		for _, want := range sent {
			u := wantState(t, a, want.GetState())
			if !same(u.status, want) {
				t.Errorf("sent again as another update: %+v", u.status)
			}
			u.answer <- http.StatusAccepted
		}
		if waited := time.Since(began); waited != 10*time.Second {
			t.Errorf("sent again after %v", waited)
		}
		st = <-a.streams
		if waited := time.Since(began); waited != 20*time.Second {
			t.Errorf("subscribes again after %v", waited)
		}
		carried := st.call.Subscribe.UnacknowledgedUpdates
		if len(carried) != 2 || !same(carried[0].Status, sent[0]) || !same(carried[1].Status, sent[1]) {
			t.Errorf("carried: %+v", carried)
		}
		st.send(subscribed(), acknowledged(sent[0]), acknowledged(sent[1]))
		synctest.Wait()
		noUpdate(t, a, time.Hour)
	})
}

// The end of a task is not sent again: an agent whose scheduler has acknowledged
// it would take it for news of an unknown task.
func TestEndIsNotRepeated(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(subscribed())
		for _, state := range []mesos.TaskState{mesos.TASK_RUNNING, mesos.TASK_FINISHED} {
			s.Send(status(state))
			wantState(t, a, state).answer <- http.StatusAccepted
		}
		s.Send(executor.Status{Task: "other", State: mesos.TASK_RUNNING})
		wantState(t, a, mesos.TASK_RUNNING).answer <- http.StatusAccepted
		u := wantState(t, a, mesos.TASK_RUNNING)
		if u.status.TaskID.Value != "other" {
			t.Error("what belongs to the task that has ended is sent again")
		}
		u.answer <- http.StatusAccepted
		st.send(acknowledged(u.status))
		if err := s.Flush(t.Context()); !errors.Is(err, executor.ErrUnacknowledged) {
			t.Errorf("flush: %v", err)
		}
	})
}

func noUpdate(t *testing.T, a *agent, d time.Duration) {
	t.Helper()
	select {
	case u := <-a.updates:
		t.Errorf("unexpected %v", u.status.GetState())
	case <-time.After(d):
	}
}

// A stream on which heartbeats came and then nothing does: half-open, though the
// connection answers. The framework need not checkpoint.
func TestSilentStream(t *testing.T) {
	e := environment()
	e.Checkpoint = false
	inSession(t, e, func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(subscribed())
		wantEvent[executor.Subscribed](t, s)
		select { // an agent before 1.10
		case <-a.streams:
			t.Fatal("subscribed again though the agent never sent a heartbeat")
		case <-time.After(100 * time.Hour):
		}
		st.send(&wire.Event{Type: wire.Event_HEARTBEAT})
		<-time.After(64 * time.Minute)
		st.send(kill("x")) // a sign of life as well
		last := time.Now()
		wantEvent[executor.Kill](t, s)
		wantEvent[executor.Disconnected](t, s)
		if waited := time.Since(last); waited != 65*time.Minute {
			t.Errorf("subscribes again after %v", waited)
		}
		(<-a.streams).send(subscribed())
		wantEvent[executor.Subscribed](t, s)
	})
}

// Our own heartbeats, while we are subscribed; they do not disturb updates.
func TestHeartbeatCalls(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		<-time.After(10 * time.Second) // not subscribed yet
		st.send(subscribed())
		wantEvent[executor.Subscribed](t, s)
		for want := range int64(3) {
			<-time.After(29 * time.Minute)
			if n := a.beats.Load(); n != want {
				t.Errorf("%d heartbeats, wanted %d", n, want)
			}
			<-time.After(time.Minute + time.Second)
			s.Send(status(mesos.TASK_RUNNING))
			u := wantState(t, a, mesos.TASK_RUNNING)
			u.answer <- http.StatusAccepted
			st.send(acknowledged(u.status))
		}
		a.away.Store(true)
		st.end()
		wantEvent[executor.Disconnected](t, s)
		if n := a.beats.Load(); n != 3 {
			t.Errorf("%d heartbeats, wanted 3", n)
		}
	})
}

// An update that is not answered: the stream may be as dead as its connection,
// and the update goes along with a new one. Here too the framework need not
// checkpoint.
func TestUpdateIsNotAnswered(t *testing.T) {
	e := environment()
	e.Checkpoint = false
	inSession(t, e, func(t *testing.T, a *agent, s *executor.Session) {
		(<-a.streams).send(subscribed())
		wantEvent[executor.Subscribed](t, s)
		s.Send(status(mesos.TASK_FINISHED))
		began := time.Now()
		u := wantState(t, a, mesos.TASK_FINISHED)
		wantEvent[executor.Disconnected](t, s)
		<-u.gone
		st := <-a.streams
		if waited := time.Since(began); waited > 20*time.Second {
			t.Errorf("subscribes again after %v", waited)
		}
		if carried := st.call.Subscribe.UnacknowledgedUpdates; len(carried) != 1 || !same(carried[0].Status, u.status) {
			t.Errorf("carried: %+v", carried)
		}
		st.send(subscribed(), acknowledged(u.status))
		if err := s.Flush(t.Context()); err != nil {
			t.Errorf("flush: %v", err)
		}
	})
}
