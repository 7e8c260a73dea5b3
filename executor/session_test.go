package executor_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// environment as an agent of a checkpointing framework gives it.
func environment() executor.Environment {
	return executor.Environment{
		Framework: "f", Executor: "e", Endpoint: "agent:5051", Sandbox: "/",
		Checkpoint: true, RecoveryTimeout: 15 * time.Minute, BackoffMax: 500 * time.Millisecond, ShutdownGrace: 5 * time.Second,
	}
}

// inSession runs a test on virtual time; the bubble ends only when every
// goroutine of the session has.
func inSession(t *testing.T, e executor.Environment, test func(t *testing.T, a *agent, s *executor.Session)) {
	synctest.Test(t, func(t *testing.T) {
		a := newAgent(t)
		s := executor.Open(t.Context(), e, a.transport("secret"), zaptest.NewLogger(t))
		defer s.Close()
		test(t, a, s)
	})
}

func wantEvent[T executor.Event](t *testing.T, s *executor.Session) T {
	t.Helper()
	select {
	case e := <-s.Events():
		v, ok := e.(T)
		if !ok {
			t.Fatalf("event %#v, wanted %T", e, v)
		}
		return v
	case <-time.After(time.Hour):
		var v T
		t.Fatalf("no event, wanted %T", v)
		return v
	}
}

func wantState(t *testing.T, a *agent, state mesos.TaskState) *update {
	t.Helper()
	select {
	case u := <-a.updates:
		if u.status.GetState() != state {
			t.Fatalf("update %v, wanted %v", u.status.GetState(), state)
		}
		return u
	case <-time.After(time.Hour):
		t.Fatalf("no update, wanted %v", state)
		return nil
	}
}

func status(state mesos.TaskState) executor.Status {
	return executor.Status{Task: "t", State: state}
}

func TestSubscribeCarriesWhatTheAgentChecks(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		for header, want := range map[string]string{
			"Content-Type": "application/x-protobuf", "Accept": "application/x-protobuf", "Authorization": "Bearer secret",
		} {
			if got := st.header.Get(header); got != want {
				t.Errorf("%s is %q, wanted %q", header, got, want)
			}
		}
		if st.call.FrameworkID.Value != "f" || st.call.ExecutorID.Value != "e" {
			t.Errorf("ids: %v %v", st.call.FrameworkID, st.call.ExecutorID)
		}
		st.send(subscribed(mesos.FrameworkInfo_Capability_TASK_KILLING_STATE))
		if !wantEvent[executor.Subscribed](t, s).TaskKilling {
			t.Error("capability TASK_KILLING_STATE not seen")
		}
	})
}

func TestEventsInOrderAndOddOnesIgnored(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(subscribed(), subscribed(), // repeated on one stream
			&wire.Event{Type: wire.Event_HEARTBEAT},
			&wire.Event{Type: wire.Event_UNKNOWN},
			&wire.Event{Type: wire.Event_Type(99)},
			&wire.Event{Type: wire.Event_LAUNCH}, // without a task
			&wire.Event{Type: wire.Event_ACKNOWLEDGED},
			&wire.Event{Type: wire.Event_MESSAGE, Message: &wire.Event_Message{Data: []byte("x")}},
			&wire.Event{Type: wire.Event_ERROR, Error: &wire.Event_Error{Message: "x"}},
			launch(info("t")), kill("t"), kill("t", int64(time.Second)), kill("t", -1),
			&wire.Event{Type: wire.Event_SHUTDOWN})
		wantEvent[executor.Subscribed](t, s)
		wantEvent[executor.Subscribed](t, s)
		if l := wantEvent[executor.Launch](t, s); len(l.Tasks) != 1 || l.Tasks[0].TaskID.Value != "t" {
			t.Errorf("launch: %+v", l)
		}
		if k := wantEvent[executor.Kill](t, s); k.Grace != nil {
			t.Errorf("grace %v, wanted none", *k.Grace)
		}
		for _, want := range []time.Duration{time.Second, 0} {
			if k := wantEvent[executor.Kill](t, s); k.Grace == nil || *k.Grace != want {
				t.Errorf("grace %v, wanted %v", k.Grace, want)
			}
		}
		wantEvent[executor.Shutdown](t, s)
	})
}

func TestShutdownBeforeSubscribed(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(&wire.Event{Type: wire.Event_SHUTDOWN})
		st.end()
		wantEvent[executor.Shutdown](t, s)
	})
}

func TestRecordsSplitAnywhereAndLarge(t *testing.T) {
	big := info("big")
	big.Data = bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		for _, b := range record(t, subscribed()) {
			st.raw([]byte{b})
		}
		st.raw(append(record(t, launch(big)), record(t, kill("big"))...))
		wantEvent[executor.Subscribed](t, s)
		if l := wantEvent[executor.Launch](t, s); !bytes.Equal(l.Tasks[0].Data, big.Data) {
			t.Error("5 MiB of data did not arrive whole")
		}
		wantEvent[executor.Kill](t, s)
	})
}

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

func TestBadStreamsAreSubscribedAgain(t *testing.T) {
	half := record(t, subscribed())
	for name, garbage := range map[string][]byte{
		"no length": []byte("hello\n"), "huge": []byte("99999999999999\n"), "long length": bytes.Repeat([]byte("1"), 40),
		"not protobuf": []byte("3\n\xff\xff\xff"), "half a record": half[:len(half)/2], "empty record": []byte("0\n"),
	} {
		t.Run(name, func(t *testing.T) {
			inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
				st := <-a.streams
				st.raw(garbage)
				st.end()
				st = <-a.streams
				st.send(subscribed())
				wantEvent[executor.Subscribed](t, s)
			})
		})
	}
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

func TestFlushGivesUpAfterAMinute(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(subscribed())
		s.Send(status(mesos.TASK_FINISHED))
		wantState(t, a, mesos.TASK_FINISHED).answer <- http.StatusAccepted
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
		st := <-a.streams
		st.send(subscribed())
		s.Send(status(mesos.TASK_FINISHED))
		wantState(t, a, mesos.TASK_FINISHED).answer <- http.StatusAccepted
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
		st = <-a.streams
		s.Send(status(mesos.TASK_RUNNING))
		st.send(acknowledged(first.status), subscribed())
		wantEvent[executor.Subscribed](t, s)
		wantState(t, a, mesos.TASK_RUNNING).answer <- http.StatusAccepted
	})
}
