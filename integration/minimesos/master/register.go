package master

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// registerAgent takes in a new agent, one that comes back, or one that an
// earlier master knew; a returning one tells by its id.
func (s *state) registerAgent(st *agentStream, reg *registration) {
	known := s.agent(reg.id)
	switch {
	case reg.id == "":
		s.replaceAgent(reg)
		reg.id = s.newAgentID()
		s.addAgent(st, reg)
	case known != nil:
		s.reregisterKnown(known, st, reg)
	default:
		s.readdAgent(st, reg)
	}
}

// replaceAgent removes the agent that a new one with the same address follows:
// it has lost its work directory.
func (s *state) replaceAgent(reg *registration) {
	for _, a := range slices.Clone(s.agents) {
		if a.ip == reg.ip && a.info.GetPort() == reg.info.GetPort() {
			s.removeAgent(a, "a new agent registered at the same address")
		}
	}
}

func (s *state) addAgent(st *agentStream, reg *registration) *agent {
	info := reg.info
	info.ID = &mesos.AgentID{Value: reg.id}
	a := &agent{
		id:         reg.id,
		info:       info,
		ip:         reg.ip,
		total:      newResources(upgrade(info.Resources)),
		stream:     st,
		killed:     map[string]bool{},
		registered: s.clock.now(),
	}
	s.adopt(a, reg)
	s.agents = append(s.agents, a)
	delete(s.unreachable, reg.id)
	a.send(&link.Command{Registered: &link.Registered{AgentID: a.id}})
	s.cfg.Log.Info("agent registered", zap.String("agent", a.id), zap.String("hostname", info.Hostname))
	s.pingAgent(a)
	s.allocate()
	return a
}

// adopt takes over the executors and tasks that a returning agent still has.
// Those of frameworks that were removed here are left out.
func (s *state) adopt(a *agent, reg *registration) {
	for _, e := range reg.executors {
		if f := s.frameworkOf(e.framework); f != nil {
			a.executors = append(a.executors, &executor{info: e.info, framework: f})
		}
	}
	for _, t := range reg.tasks {
		if f := s.framework(t.frameworkID); f != nil {
			s.trackTask(f, a, t.task)
		}
	}
}

// frameworkOf finds a framework by its info; one that did not subscribe here
// yet is recovered from what the agent knows. Removed ones are nil.
func (s *state) frameworkOf(info *mesos.FrameworkInfo) *framework {
	id := info.GetID().GetValue()
	if id == "" || s.isCompleted(id) {
		return nil
	}
	if f := s.framework(id); f != nil {
		return f
	}
	f := s.addFramework(info)
	f.recovered = true
	return f
}

// readdAgent takes back an agent that was unreachable or that this master never
// met. Frameworks hear the state of each of its tasks, without uuid.
func (s *state) readdAgent(st *agentStream, reg *registration) {
	message := "Unknown agent reregistered"
	if s.unreachable[reg.id] != nil {
		message = "Unreachable agent re-reregistered"
	}
	for _, t := range reg.tasks {
		if f := s.framework(t.frameworkID); f != nil {
			f.forget(t.task.TaskID.Value)
			status := s.status(t.task.TaskID, t.task.GetState(), mesos.REASON_AGENT_REREGISTERED, message)
			onAgent(status, t.task.AgentID, t.task.ExecutorID)
			withLast(status, t.task)
			s.forward(f, status)
		}
	}
	for _, f := range s.frameworks {
		f.unreachable = slices.DeleteFunc(f.unreachable, func(t *task) bool { return t.agent.id == reg.id })
	}
	a := s.addAgent(st, reg)
	s.settleFrameworks(a, reg)
}

// forget drops a task's records, because it lives again.
func (f *framework) forget(taskID string) {
	f.unreachable = slices.DeleteFunc(f.unreachable, func(t *task) bool { return t.TaskID.Value == taskID })
	f.finished = slices.DeleteFunc(f.finished, func(t *mesos.Task) bool { return t.TaskID.Value == taskID })
}

// settleFrameworks shuts down frameworks that are gone, and makes the agent
// resend for the others what is not acknowledged. A real agent does so when it
// is registered and again on UpdateFramework, so that schedulers see an update
// twice (recorded: 08c-agent-loss-checkpoint).
func (s *state) settleFrameworks(a *agent, reg *registration) {
	seen := map[string]bool{}
	for _, e := range reg.executors {
		id := e.framework.GetID().GetValue()
		if seen[id] {
			continue
		}
		seen[id] = true
		if f := s.framework(id); f != nil {
			a.send(&link.Command{UpdateFramework: s.frameworkCommand(f)})
		} else if s.isCompleted(id) {
			a.send(&link.Command{ShutdownFramework: &link.Framework{FrameworkInfo: s.encode(e.framework)}})
		}
	}
	for _, t := range reg.tasks {
		if f := s.framework(t.frameworkID); f != nil && !seen[t.frameworkID] {
			seen[t.frameworkID] = true
			a.send(&link.Command{UpdateFramework: s.frameworkCommand(f)})
		}
	}
}

func (s *state) frameworkCommand(f *framework) *link.Framework {
	return &link.Framework{FrameworkInfo: s.encode(f.info)}
}

// updateFrameworkOnAgents tells every agent a framework's current info, upon
// which they resend its unacknowledged updates.
func (s *state) updateFrameworkOnAgents(f *framework) {
	for _, a := range s.agents {
		a.send(&link.Command{UpdateFramework: s.frameworkCommand(f)})
	}
}
