package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

// reconcile answers with the state of the named tasks, or of all the framework
// has when none is named. Nothing it sends is to be acknowledged.
func (s *state) reconcile(f *framework, call *scheduler.Call_Reconcile) {
	if len(call.Tasks) == 0 {
		for _, t := range f.tasks {
			s.forward(f, s.latest(t))
		}
		return
	}
	for i := range call.Tasks {
		if t := f.task(call.Tasks[i].TaskID.Value); t != nil {
			s.forward(f, s.latest(t))
			continue
		}
		s.forward(f, s.unknownTask(f, &call.Tasks[i]))
	}
}

func (s *state) latest(t *task) *mesos.TaskStatus {
	status := s.status(t.TaskID, t.reported(), mesos.REASON_RECONCILIATION, "Reconciliation: Latest task state")
	onAgent(status, t.AgentID, t.ExecutorID)
	withLast(status, t.Task)
	return status
}

// unknownTask says what the agent's fate tells about a task that the master
// does not know.
func (s *state) unknownTask(f *framework, asked *scheduler.Call_Reconcile_Task) *mesos.TaskStatus {
	answer := func(st mesos.TaskState, message string) *mesos.TaskStatus {
		status := s.status(asked.TaskID, f.lostState(st), mesos.REASON_RECONCILIATION, message)
		status.AgentID = asked.AgentID
		return status
	}
	id := asked.AgentID.GetValue()
	if s.agent(id) != nil {
		return answer(mesos.TASK_GONE, "Reconciliation: Task is unknown to the agent")
	}
	if lost := s.unreachable[id]; lost != nil {
		status := answer(mesos.TASK_UNREACHABLE, "Reconciliation: Task is unreachable")
		status.UnreachableTime = &mesos.TimeInfo{Nanoseconds: lost.since.UnixNano()}
		return status
	}
	return answer(mesos.TASK_UNKNOWN, "Reconciliation: Task is unknown")
}
