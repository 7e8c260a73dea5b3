package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// launch starts one task of a LAUNCH operation, or answers TASK_ERROR.
func (s *state) launch(acc *acceptance, info *mesos.TaskInfo) {
	s.completeTask(acc, info)
	if err := s.validateTask(acc, info); err != nil {
		s.refuseTasks(acc.framework, []mesos.TaskInfo{*info}, mesos.TASK_ERROR,
			mesos.REASON_TASK_INVALID, err.Error())
		return
	}
	used := newResources(info.Resources)
	run := &link.Run{FrameworkInfo: s.encode(acc.framework.info)}
	if info.Executor != nil {
		run.ExecutorInfo = s.encode(info.Executor)
		if s.addExecutor(acc, info.Executor) {
			run.LaunchExecutor = true
			used = used.plus(newResources(info.Executor.Resources))
		}
	}
	s.addTask(acc.framework, acc.agent, info)
	acc.left = acc.left.minus(used)
	run.Tasks = [][]byte{s.encode(info)}
	acc.agent.send(&link.Command{Run: run})
}

// launchGroup starts all tasks of a group at once, or refuses all of them.
func (s *state) launchGroup(acc *acceptance, op *mesos.Offer_Operation_LaunchGroup) {
	s.completeGroup(acc, op)
	tasks := op.TaskGroup.Tasks
	if len(tasks) == 0 {
		return
	}
	if err := s.validateGroup(acc, op); err != nil {
		s.refuseTasks(acc.framework, tasks, mesos.TASK_ERROR, mesos.REASON_TASK_GROUP_INVALID, err.Error())
		return
	}
	run := &link.Run{
		FrameworkInfo: s.encode(acc.framework.info),
		ExecutorInfo:  s.encode(&op.Executor),
		Group:         true,
	}
	var used resources
	if s.addExecutor(acc, &op.Executor) {
		run.LaunchExecutor = true
		used = newResources(op.Executor.Resources)
	}
	for i := range tasks {
		s.addTask(acc.framework, acc.agent, &tasks[i])
		used = used.plus(newResources(tasks[i].Resources))
		run.Tasks = append(run.Tasks, s.encode(&tasks[i]))
	}
	acc.left = acc.left.minus(used)
	acc.agent.send(&link.Command{Run: run})
}

// addExecutor books an executor unless the agent has it already, and reports
// whether the agent is to launch it.
func (s *state) addExecutor(acc *acceptance, info *mesos.ExecutorInfo) bool {
	if acc.agent.executor(acc.framework.id(), info.ExecutorID.Value) != nil {
		return false
	}
	acc.agent.executors = append(acc.agent.executors, &executor{info: info, framework: acc.framework})
	return true
}

// completeTask fills in what the framework may leave out of a LAUNCH
// (master.cpp, accept): the role that resources are allocated to, the
// executor's framework id, the type of a health check.
func (s *state) completeTask(acc *acceptance, info *mesos.TaskInfo) {
	info.Resources = allocate(upgrade(info.Resources), acc.role)
	if e := info.Executor; e != nil {
		e.Resources = allocate(upgrade(e.Resources), acc.role)
		if e.FrameworkID == nil {
			e.FrameworkID = acc.framework.info.ID
		}
	}
	if h := info.HealthCheck; h != nil && h.Type == mesos.HealthCheck_UNKNOWN {
		h.Type = inferHealthCheck(h)
	}
}

func inferHealthCheck(h *mesos.HealthCheck) mesos.HealthCheck_Type {
	switch {
	case h.Command != nil && h.HTTP == nil:
		return mesos.HealthCheck_COMMAND
	case h.HTTP != nil && h.Command == nil:
		return mesos.HealthCheck_HTTP
	}
	return mesos.HealthCheck_UNKNOWN
}

// completeGroup copies the operation's executor into each task without one.
// Unlike LAUNCH it fills in no framework id.
func (s *state) completeGroup(acc *acceptance, op *mesos.Offer_Operation_LaunchGroup) {
	op.Executor.Resources = allocate(upgrade(op.Executor.Resources), acc.role)
	for i := range op.TaskGroup.Tasks {
		t := &op.TaskGroup.Tasks[i]
		t.Resources = allocate(upgrade(t.Resources), acc.role)
		if t.Executor == nil {
			e := op.Executor
			t.Executor = &e
			continue
		}
		t.Executor.Resources = allocate(upgrade(t.Executor.Resources), acc.role)
	}
}

// marshaler is any of mesos-go's generated messages.
type marshaler interface{ Marshal() ([]byte, error) }

// encode is for messages that were decoded or built here. Their required fields
// are there, so that an error is a fault of minimesos, for its log.
func (s *state) encode(m marshaler) []byte {
	b, err := m.Marshal()
	if err != nil {
		s.cfg.Log.Error("message not encoded", zap.Error(err))
	}
	return b
}
