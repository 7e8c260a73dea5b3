package master

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/zap"
)

// agentExited is called when the handler of an agent's stream returns.
func (s *state) agentExited(st *agentStream) {
	for _, a := range s.agents {
		if a.stream == st {
			s.disconnectAgent(a)
			return
		}
	}
}

// disconnectAgent rescinds the agent's offers and gives up the tasks of
// frameworks that do not checkpoint: TASK_LOST, for partition-aware ones too.
func (s *state) disconnectAgent(a *agent) {
	s.cfg.Log.Info("agent disconnected", zap.String("agent", a.id))
	a.stream.end()
	a.stream = nil
	s.rescindOffersOf(a)
	message := "Agent " + a.info.Hostname + " disconnected"
	for _, t := range slices.Clone(a.tasks) {
		if t.framework.info.GetCheckpoint() {
			continue
		}
		s.lose(t, mesos.TASK_LOST, s.status(t.TaskID, mesos.TASK_LOST, mesos.REASON_AGENT_DISCONNECTED, message))
	}
	a.executors = slices.DeleteFunc(a.executors, func(e *executor) bool {
		return !e.framework.info.GetCheckpoint()
	})
	a.reregister = s.clock.after(s.cfg.AgentReregisterTimeout, func() {
		s.markUnreachable(a, "agent did not reregister within "+s.cfg.AgentReregisterTimeout.String())
	})
}

// lose ends a task whose agent is gone and tells its framework.
func (s *state) lose(t *task, st mesos.TaskState, status *mesos.TaskStatus) {
	onAgent(status, t.AgentID, t.ExecutorID)
	t.update(status, st)
	s.removeTask(t, status.UnreachableTime != nil)
	s.forward(t.framework, status)
}

// removeAgent forgets an agent that left for good.
func (s *state) removeAgent(a *agent, cause string) {
	message := "Agent " + a.info.Hostname + " removed: " + cause
	for _, t := range slices.Clone(a.tasks) {
		s.lose(t, mesos.TASK_LOST, s.status(t.TaskID, mesos.TASK_LOST, mesos.REASON_AGENT_REMOVED, message))
	}
	s.dropAgent(a, cause)
}

// markUnreachable forgets an agent that may come back. Its tasks may, too.
func (s *state) markUnreachable(a *agent, cause string) {
	lost := &lostAgent{since: s.clock.now()}
	for _, t := range slices.Clone(a.tasks) {
		st := t.framework.lostState(mesos.TASK_UNREACHABLE)
		status := s.status(t.TaskID, st, mesos.REASON_AGENT_REMOVED, cause)
		status.UnreachableTime = &mesos.TimeInfo{Nanoseconds: lost.since.UnixNano()}
		s.lose(t, st, status)
	}
	s.dropAgent(a, cause)
	s.unreachable[a.id] = lost
}

// dropAgent takes an agent off the list and tells every framework.
func (s *state) dropAgent(a *agent, cause string) {
	s.cfg.Log.Info("agent removed", zap.String("agent", a.id), zap.String("cause", cause))
	s.clock.stop(a.ping)
	s.clock.stop(a.reregister)
	s.rescindOffersOf(a)
	s.agents = slices.DeleteFunc(s.agents, func(o *agent) bool { return o == a })
	if a.stream != nil {
		a.stream.end()
		a.stream = nil
	}
	for _, f := range s.frameworks {
		f.send(&scheduler.Event{
			Type:    scheduler.Event_FAILURE,
			Failure: &scheduler.Event_Failure{AgentID: &mesos.AgentID{Value: a.id}},
		})
	}
}

func (s *state) rescindOffersOf(a *agent) {
	for _, o := range s.selectOffers(func(o *offer) bool { return o.agent == a }) {
		s.rescindOffer(o)
	}
}
