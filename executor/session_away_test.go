package executor_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// The agent restarts: refused, 404, 503, SUBSCRIBE taken, UPDATE 503 for two
// seconds more; recorded from a real one.
func TestAgentRestart(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(subscribed(), launch(info("t")))
		wantEvent[executor.Subscribed](t, s)
		wantEvent[executor.Launch](t, s)
		s.Send(status(mesos.TASK_STARTING))
		lost := wantState(t, a, mesos.TASK_STARTING)
		lost.answer <- http.StatusAccepted // but never acknowledged
		s.Send(status(mesos.TASK_RUNNING))
		running := wantState(t, a, mesos.TASK_RUNNING) // no answer at all
		a.away.Store(true)
		st.end()
		<-time.After(3 * time.Second)
		a.away.Store(false)
		again := time.Now()
		(<-a.streams).refuse(http.StatusNotFound, "")
		(<-a.streams).refuse(http.StatusServiceUnavailable, "Agent has not finished recovery")
		st = <-a.streams
		if waited := time.Since(again); waited > 1500*time.Millisecond {
			t.Errorf("three attempts took %v: too slow for a two second window", waited)
		}
		select {
		case <-running.gone:
		default:
			t.Error("an old update may still arrive behind the new SUBSCRIBE")
		}
		sub := st.call.Subscribe
		if len(sub.UnacknowledgedTasks) != 1 || len(sub.UnacknowledgedUpdates) != 2 ||
			!same(sub.UnacknowledgedUpdates[0].Status, lost.status) || !same(sub.UnacknowledgedUpdates[1].Status, running.status) {
			t.Fatalf("subscribe carries %+v", sub)
		}
		wantEvent[executor.Disconnected](t, s)
		s.Send(status(mesos.TASK_FINISHED))
		st.send(subscribed(), acknowledged(lost.status), acknowledged(running.status))
		wantEvent[executor.Subscribed](t, s)
		opens := time.Now().Add(2 * time.Second)
		u := wantState(t, a, mesos.TASK_FINISHED)
		for ; time.Now().Before(opens); u = wantState(t, a, mesos.TASK_FINISHED) {
			u.answer <- http.StatusServiceUnavailable
		}
		u.answer <- http.StatusAccepted
		st.send(acknowledged(u.status))
		if err := s.Flush(t.Context()); err != nil {
			t.Errorf("flush: %v", err)
		}
	})
}

func TestAgentStaysAway(t *testing.T) {
	for _, c := range []struct {
		name        string
		checkpoint  bool
		subscribed  bool
		refusal     int // of SUBSCRIBE; 0: connection refused
		least, most time.Duration
	}{
		{"checkpointing", true, true, 0, 15 * time.Minute, 15*time.Minute + time.Second},
		{"framework cannot be found", true, true, http.StatusBadRequest, 15 * time.Minute, 15*time.Minute + time.Second},
		{"not checkpointing", false, true, 0, 0, 0},
		{"never there", true, false, 0, 15 * time.Minute, 15*time.Minute + time.Second},
		{"never there, not checkpointing", false, false, 0, time.Minute, time.Minute + time.Second},
		{"unauthorized", true, true, http.StatusUnauthorized, 0, time.Second},
		{"forbidden", true, false, http.StatusForbidden, 0, time.Second},
		{"not acceptable", true, false, http.StatusNotAcceptable, 0, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := environment()
			e.Checkpoint = c.checkpoint
			inSession(t, e, func(t *testing.T, a *agent, s *executor.Session) {
				st := <-a.streams
				if c.subscribed {
					st.send(subscribed())
					wantEvent[executor.Subscribed](t, s)
				}
				a.away.Store(c.refusal == 0)
				gone := time.Now()
				st.end()
				refuseAll(a, c.refusal)
				if c.subscribed {
					wantEvent[executor.Disconnected](t, s)
				}
				lost := wantEvent[executor.Lost](t, s)
				if waited := time.Since(gone); waited < c.least || waited > c.most {
					t.Errorf("gave up after %v, wanted %v to %v", waited, c.least, c.most)
				}
				var answer *executor.AnswerError
				if c.refusal != 0 && (!errors.As(lost.Err, &answer) || answer.Status != c.refusal) {
					t.Errorf("error %v does not tell the status", lost.Err)
				}
				s.Send(status(mesos.TASK_KILLED))
				if err := s.Flush(t.Context()); !errors.Is(err, lost.Err) {
					t.Errorf("flush: %v", err)
				}
			})
		})
	}
}

// refuseAll answers every further SUBSCRIBE with code until the test ends.
func refuseAll(a *agent, code int) {
	if code == 0 {
		return
	}
	go func() {
		for {
			select {
			case st := <-a.streams:
				st.refuse(code, "no")
			case <-a.down:
				return
			}
		}
	}()
}
