package master

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// reregisterKnown connects an agent again that was away for less than its
// timeouts, or that noticed a broken stream before the master did.
func (s *state) reregisterKnown(a *agent, st *agentStream, reg *registration) {
	if a.stream != nil {
		a.stream.end()
	}
	reg.info.ID = a.info.ID
	a.info, a.ip, a.stream, a.unanswered = reg.info, reg.ip, st, 0
	// A real agent answers pings as soon as it runs, long before it registers
	// again; one of ours is not there for them until it does.
	a.ponged = true
	a.total = newResources(upgrade(reg.info.Resources))
	s.clock.stop(a.reregister)
	a.reregister = nil
	a.send(&link.Command{Registered: &link.Registered{AgentID: a.id}})
	s.cfg.Log.Info("agent reregistered", zap.String("agent", a.id))
	s.dropMissing(a, reg)
	s.adoptNew(a, reg)
	s.killAgain(a, reg)
	s.settleFrameworks(a, reg)
	s.allocate()
}

// dropMissing settles what the agent no longer has. A real master asks the
// agent, whose answer for a task is the same update with a uuid.
func (s *state) dropMissing(a *agent, reg *registration) {
	for _, t := range slices.Clone(a.tasks) {
		if reg.hasTask(t) {
			continue
		}
		st := t.framework.lostState(mesos.TASK_DROPPED)
		status := s.status(t.TaskID, st, mesos.REASON_RECONCILIATION, "Reconciliation: task unknown to the agent")
		onAgent(status, t.AgentID, t.ExecutorID)
		t.update(status, st)
		s.forward(t.framework, status)
		s.removeTask(t, false)
	}
	for _, e := range slices.Clone(a.executors) {
		if !reg.hasExecutor(e) {
			a.removeExecutor(e)
		}
	}
}

func (r *registration) hasTask(t *task) bool {
	return slices.ContainsFunc(r.tasks, func(k registeredTask) bool {
		return k.frameworkID == t.framework.id() && k.task.TaskID.Value == t.TaskID.Value
	})
}

func (r *registration) hasExecutor(e *executor) bool {
	return slices.ContainsFunc(r.executors, func(k registeredExecutor) bool {
		return k.framework.GetID().GetValue() == e.framework.id() &&
			k.info.ExecutorID.Value == e.info.ExecutorID.Value
	})
}

// adoptNew takes what the agent has and the master does not know.
func (s *state) adoptNew(a *agent, reg *registration) {
	unknown := &registration{}
	for _, e := range reg.executors {
		if a.executor(e.framework.GetID().GetValue(), e.info.ExecutorID.Value) == nil {
			unknown.executors = append(unknown.executors, e)
		}
	}
	for _, t := range reg.tasks {
		if a.task(t.frameworkID, t.task.TaskID.Value) == nil {
			unknown.tasks = append(unknown.tasks, t)
		}
	}
	s.adopt(a, unknown)
}

// killAgain repeats KILL calls that came while the agent was away.
func (s *state) killAgain(a *agent, reg *registration) {
	for _, t := range reg.tasks {
		if !terminal(t.task.GetState()) && a.killed[killKey(t.frameworkID, t.task.TaskID)] {
			a.send(&link.Command{Kill: &link.Kill{FrameworkID: t.frameworkID, TaskID: t.task.TaskID.Value}})
		}
	}
}
