package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// agentEvent takes what an agent says.
func (s *state) agentEvent(e *link.Event) error {
	a := s.agent(e.AgentID)
	if a == nil {
		return &wire.Problem{Status: 404, Text: "agent " + e.AgentID + " is not registered"}
	}
	switch {
	case e.Update != nil:
		return s.statusUpdate(a, e.Update)
	case e.Exited != nil:
		s.exitedExecutor(a, e.Exited)
	case e.Message != nil:
		s.executorMessage(a, e.Message)
	case e.Pong != nil:
		a.pong()
	case e.Unregister != nil:
		s.removeAgent(a, "the agent unregistered")
	}
	return nil
}

// statusUpdate forwards an update and takes it into the record, in this order:
// a framework that is away gets it when it comes back, from the agent.
func (s *state) statusUpdate(a *agent, u *link.Update) error {
	status := &mesos.TaskStatus{}
	if err := status.Unmarshal(u.Status); err != nil {
		return wire.BadRequest("event: status: %v", err)
	}
	s.cfg.Log.Debug("status update", zap.String("task", status.TaskID.Value), zap.Stringer("state", status.GetState()))
	if f := s.framework(u.FrameworkID); f != nil && f.connected() {
		s.forward(f, status)
	}
	if t := a.task(u.FrameworkID, status.TaskID.Value); t != nil {
		t.update(status, mesos.TaskState(u.LatestState))
	}
	return nil
}

// exitedExecutor frees what the executor held and tells the framework, if it
// is there to listen. Its tasks are the agent's to report.
func (s *state) exitedExecutor(a *agent, e *link.Exited) {
	known := a.executor(e.FrameworkID, e.ExecutorID)
	if known == nil {
		return
	}
	a.removeExecutor(known)
	status := e.Status
	known.framework.send(&scheduler.Event{
		Type: scheduler.Event_FAILURE,
		Failure: &scheduler.Event_Failure{
			AgentID:    &mesos.AgentID{Value: a.id},
			ExecutorID: &mesos.ExecutorID{Value: e.ExecutorID},
			Status:     &status,
		},
	})
}

func (s *state) executorMessage(a *agent, m *link.Message) {
	if f := s.framework(m.FrameworkID); f != nil {
		f.send(&scheduler.Event{
			Type: scheduler.Event_MESSAGE,
			Message: &scheduler.Event_Message{
				AgentID:    mesos.AgentID{Value: a.id},
				ExecutorID: mesos.ExecutorID{Value: m.ExecutorID},
				Data:       m.Data,
			},
		})
	}
}
