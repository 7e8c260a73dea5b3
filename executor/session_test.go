package executor_test

import (
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
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
	case <-time.After(2 * time.Hour):
		var v T
		t.Fatalf("no event, wanted %T", v)
		return v
	}
}

func wantState(t *testing.T, a *agent, state mesos.TaskState) *update {
	t.Helper()
	u := a.update()
	if u.status.GetState() != state {
		t.Fatalf("update %v, wanted %v", u.status.GetState(), state)
	}
	return u
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
