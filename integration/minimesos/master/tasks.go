package master

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// addTask starts the bookkeeping of a launched task, in TASK_STAGING.
func (s *state) addTask(f *framework, a *agent, info *mesos.TaskInfo) {
	t := &mesos.Task{
		Name:        info.Name,
		TaskID:      info.TaskID,
		FrameworkID: *f.info.ID,
		AgentID:     info.AgentID,
		State:       mesos.TASK_STAGING.Enum(),
		Resources:   info.Resources,
		Labels:      info.Labels,
		Discovery:   info.Discovery,
		Container:   info.Container,
		HealthCheck: info.HealthCheck,
		KillPolicy:  info.KillPolicy,
	}
	if info.Executor != nil {
		id := info.Executor.ExecutorID
		t.ExecutorID = &id
	}
	s.trackTask(f, a, t)
}

func (s *state) trackTask(f *framework, a *agent, t *mesos.Task) {
	tracked := &task{Task: t, framework: f, agent: a}
	f.tasks = append(f.tasks, tracked)
	a.tasks = append(a.tasks, tracked)
}

// updateTask takes an update into the task's record. A terminal latest state
// frees its resources at once, before any acknowledgement.
func (t *task) update(status *mesos.TaskStatus, latest mesos.TaskState) {
	if !terminal(t.GetState()) {
		t.State = latest.Enum()
	}
	kept := *status
	kept.Data = nil
	if n := len(t.Statuses); n > 0 && t.Statuses[n-1].GetState() == status.GetState() {
		t.Statuses = t.Statuses[:n-1]
	}
	t.Statuses = append(t.Statuses, kept)
}

// removeTask forgets a task; the record stays with the framework, as finished
// or, if its agent is unreachable, as unreachable.
func (s *state) removeTask(t *task, unreachable bool) {
	same := func(o *task) bool { return o == t }
	t.framework.tasks = slices.DeleteFunc(t.framework.tasks, same)
	t.agent.tasks = slices.DeleteFunc(t.agent.tasks, same)
	if unreachable {
		t.framework.unreachable = append(t.framework.unreachable, t)
		return
	}
	t.framework.finished = append(t.framework.finished, t.Task)
}

func (t *task) usesResources() bool {
	return !terminal(t.GetState()) && t.GetState() != mesos.TASK_UNREACHABLE
}

// reported is the state that the scheduler was told last, else the latest one.
func (t *task) reported() mesos.TaskState {
	if t.StatusUpdateState != nil {
		return *t.StatusUpdateState
	}
	return t.GetState()
}

func (a *agent) task(frameworkID, taskID string) *task {
	for _, t := range a.tasks {
		if t.FrameworkID.Value == frameworkID && t.TaskID.Value == taskID {
			return t
		}
	}
	return nil
}

func (a *agent) executor(frameworkID, executorID string) *executor {
	for _, e := range a.executors {
		if e.framework.id() == frameworkID && e.info.ExecutorID.Value == executorID {
			return e
		}
	}
	return nil
}

func (a *agent) removeExecutor(e *executor) {
	a.executors = slices.DeleteFunc(a.executors, func(o *executor) bool { return o == e })
}

// terminal reports whether a task in that state never changes again.
func terminal(s mesos.TaskState) bool {
	switch s {
	case mesos.TASK_FINISHED, mesos.TASK_FAILED, mesos.TASK_KILLED, mesos.TASK_LOST,
		mesos.TASK_ERROR, mesos.TASK_DROPPED, mesos.TASK_GONE, mesos.TASK_GONE_BY_OPERATOR:
		return true
	default:
		return false
	}
}
