package executor_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

func TestUpdatesOneAtATimeInOrder(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		s.Send(status(mesos.TASK_STARTING)) // before there is an agent
		st := <-a.streams
		st.send(subscribed())
		wantEvent[executor.Subscribed](t, s)
		s.Send(status(mesos.TASK_RUNNING))
		s.Send(status(mesos.TASK_FINISHED))
		first := wantState(t, a, mesos.TASK_STARTING)
		synctest.Wait()
		select {
		case u := <-a.updates:
			t.Fatalf("%v overtook the first update", u.status.GetState())
		default:
		}
		first.answer <- http.StatusAccepted
		second := wantState(t, a, mesos.TASK_RUNNING)
		second.answer <- http.StatusAccepted
		third := wantState(t, a, mesos.TASK_FINISHED)
		st.send(acknowledged(third.status)) // before its own 202
		third.answer <- http.StatusAccepted
		st.send(acknowledged(mesos.TaskStatus{TaskID: mesos.TaskID{Value: "t"}, UUID: []byte("unknown")}))
		st.send(acknowledged(first.status), acknowledged(first.status), acknowledged(second.status))
		if err := s.Flush(t.Context()); err != nil {
			t.Errorf("flush: %v", err)
		}
		if !s.Offer(status(mesos.TASK_STARTING)) {
			t.Error("an offer was refused though all is acknowledged")
		}
		if s.Offer(status(mesos.TASK_STARTING)) {
			t.Error("an offer was taken though one is unacknowledged")
		}
		got := wantState(t, a, mesos.TASK_STARTING)
		if got.status.GetSource() != mesos.SOURCE_EXECUTOR || got.status.GetAgentID().GetValue() != "a" ||
			got.status.GetExecutorID().GetValue() != "e" || len(got.status.UUID) != 16 || got.status.GetTimestamp() == 0 {
			t.Errorf("incomplete status %+v", got.status)
		}
	})
}

func TestUpdateNotTaken(t *testing.T) {
	for _, c := range []struct {
		code, tries int
		checkpoint  bool
	}{
		{http.StatusForbidden, 1, true},
		{http.StatusUnauthorized, 1, true},
		{http.StatusBadRequest, 3, true},
		{http.StatusInternalServerError, 3, true},
		{http.StatusInternalServerError, 3, false}, // the stream is up: the agent has not given us up
	} {
		t.Run(fmt.Sprintf("%d, checkpoint %v", c.code, c.checkpoint), func(t *testing.T) {
			e := environment()
			e.Checkpoint = c.checkpoint
			inSession(t, e, func(t *testing.T, a *agent, s *executor.Session) {
				st := <-a.streams
				st.send(subscribed())
				wantEvent[executor.Subscribed](t, s)
				s.Send(status(mesos.TASK_FINISHED))
				began := time.Now()
				for range c.tries {
					wantState(t, a, mesos.TASK_FINISHED).answer <- c.code
				}
				wantEvent[executor.Disconnected](t, s)
				st = <-a.streams // subscribes again, and the update goes along
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("subscribes after %v", took)
				}
				if n := len(st.call.Subscribe.UnacknowledgedUpdates); n != 1 {
					t.Fatalf("%d updates go along", n)
				}
				st.send(subscribed(), acknowledged(st.call.Subscribe.UnacknowledgedUpdates[0].Status))
				if err := s.Flush(t.Context()); err != nil {
					t.Errorf("flush: %v", err)
				}
			})
		})
	}
}

// What is acknowledged is not said again, not even when SUBSCRIBED is repeated.
func TestAcknowledgedIsForgotten(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(subscribed(), launch(info("t")), launch(info("u")))
		for _, state := range []mesos.TaskState{mesos.TASK_STARTING, mesos.TASK_RUNNING} {
			s.Send(status(state))
			wantState(t, a, state).answer <- http.StatusAccepted
		}
		st.end()
		st = <-a.streams
		carried := st.call.Subscribe.UnacknowledgedUpdates
		if len(carried) != 2 || len(st.call.Subscribe.UnacknowledgedTasks) != 2 {
			t.Fatalf("subscribe carries %+v", st.call.Subscribe)
		}
		st.send(subscribed(), acknowledged(carried[0].Status), subscribed())
		synctest.Wait()
		s.Send(status(mesos.TASK_FINISHED))
		last := wantState(t, a, mesos.TASK_FINISHED)
		last.answer <- http.StatusAccepted
		synctest.Wait()
		st.end()
		st = <-a.streams
		sub := st.call.Subscribe
		if len(sub.UnacknowledgedTasks) != 1 || sub.UnacknowledgedTasks[0].TaskID.Value != "u" {
			t.Errorf("tasks %+v", sub.UnacknowledgedTasks)
		}
		if u := sub.UnacknowledgedUpdates; len(u) != 2 || !same(u[0].Status, carried[1].Status) || !same(u[1].Status, last.status) {
			t.Errorf("updates %+v", u)
		}
	})
}

// An agent that acknowledges what SUBSCRIBE carried before it says SUBSCRIBED.
func TestAcknowledgedBeforeSubscribed(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(subscribed())
		wantEvent[executor.Subscribed](t, s)
		s.Send(status(mesos.TASK_STARTING))
		first := wantState(t, a, mesos.TASK_STARTING)
		first.answer <- http.StatusAccepted
		st.end()
		wantEvent[executor.Disconnected](t, s)
		st = <-a.streams
		s.Send(status(mesos.TASK_RUNNING))
		st.send(acknowledged(first.status), subscribed())
		wantEvent[executor.Subscribed](t, s)
		wantState(t, a, mesos.TASK_RUNNING).answer <- http.StatusAccepted
	})
}

// unacknowledged has the agent take a status and say no more.
func unacknowledged(t *testing.T, a *agent, s *executor.Session) *stream {
	t.Helper()
	st := <-a.streams
	st.send(subscribed())
	s.Send(status(mesos.TASK_FINISHED))
	wantState(t, a, mesos.TASK_FINISHED).answer <- http.StatusAccepted
	return st
}

func TestFlushGivesUpAfterAMinute(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		unacknowledged(t, a, s)
		sent := time.Now()
		if err := s.Flush(t.Context()); !errors.Is(err, executor.ErrUnacknowledged) {
			t.Errorf("flush: %v", err)
		}
		if waited := time.Since(sent); waited != time.Minute {
			t.Errorf("gave up after %v", waited)
		}
	})
}

// The minute counts only while the agent is there.
func TestFlushIsPatientWhileTheAgentIsAway(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := unacknowledged(t, a, s)
		back := make(chan time.Time, 1)
		go func() {
			<-time.After(50 * time.Second)
			a.away.Store(true)
			st.end()
			<-time.After(10 * time.Minute)
			a.away.Store(false)
			(<-a.streams).send(subscribed())
			back <- time.Now()
		}()
		if err := s.Flush(t.Context()); !errors.Is(err, executor.ErrUnacknowledged) {
			t.Errorf("flush: %v", err)
		}
		if waited := time.Since(<-back); waited != time.Minute {
			t.Errorf("gave up %v after the agent came back", waited)
		}
	})
}
