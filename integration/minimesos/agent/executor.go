package agent

import (
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
)

// executorPhase is an executor's state (Executor::State).
type executorPhase int

const (
	registering    executorPhase = iota // launched or recovered, not subscribed
	subscribed                          // subscribed at least once
	executorEnding                      // told to shut down, or being killed
	executorEnded                       // its container is gone
)

func (p executorPhase) String() string {
	return [...]string{"registering", "running", "terminating", "terminated"}[p]
}

// executor is one run of an executor.
type executor struct {
	framework   *framework
	id          string
	info        mesos.ExecutorInfo
	containerID string
	sandbox     string
	phase       executorPhase
	stream      *stream
	queued      []delivery
	tasks       map[string]*task // but for completed ones
	order       []string         // of tasks
	spoke       bool             // a completed task had a status from the executor
	container   *contain.Container
	pid         int    // of the container's helper
	cancel      func() // stops fetching
	termination *termination
	doomed      bool // to be killed as soon as there is something to kill
	silent      bool // no FAILURE when it ends: it had ended while no agent was there

	registration, shutdown, heartbeat *time.Timer
}

// delivery is what one LAUNCH or LAUNCH_GROUP will carry.
type delivery struct {
	tasks []mesos.TaskInfo
	group bool
}

// task is one that the executor got or will get.
type task struct {
	record mesos.Task
	queued bool // not delivered yet
	spoke  bool // a status of it came from the executor
}

// termination is why the agent ends a container; it decides the statuses of its
// tasks.
type termination struct {
	state   mesos.TaskState
	reason  mesos.TaskStatus_Reason
	message string
}

func newExecutor(f *framework, info mesos.ExecutorInfo, container string) *executor {
	return &executor{
		framework: f, id: info.ExecutorID.Value, info: info, containerID: container,
		tasks: map[string]*task{}, cancel: func() {},
	}
}

func (f *framework) add(e *executor) {
	f.executors[e.id] = e
	f.order = append(f.order, e.id)
}

// enqueue adds tasks that will be delivered together.
func (e *executor) enqueue(agent mesos.AgentID, d delivery) {
	e.queued = append(e.queued, d)
	for _, info := range d.tasks {
		e.addTask(&task{record: newTask(info, e.framework.id, e.id, agent), queued: true})
	}
}

func (e *executor) addTask(t *task) {
	id := t.record.TaskID.Value
	if e.tasks[id] == nil {
		e.order = append(e.order, id)
	}
	e.tasks[id] = t
}

// list gives the tasks that are not completed, in the order they came.
func (e *executor) list() []*task {
	all := make([]*task, 0, len(e.order))
	for _, id := range e.order {
		all = append(all, e.tasks[id])
	}
	return all
}

// complete forgets a task whose terminal status the scheduler has acknowledged.
func (e *executor) complete(id string) {
	if t := e.tasks[id]; t != nil {
		e.spoke = e.spoke || t.spoke
		delete(e.tasks, id)
		e.order = slices.DeleteFunc(e.order, func(other string) bool { return other == id })
	}
}

// unqueue takes a task out of what is still to be delivered. A group that loses
// one task loses all (Slave::killTask); the ids of all are returned.
func (e *executor) unqueue(id string) []string {
	var gone []string
	e.queued = slices.DeleteFunc(e.queued, func(d delivery) bool {
		hit := slices.ContainsFunc(d.tasks, func(t mesos.TaskInfo) bool { return t.TaskID.Value == id })
		if hit {
			for _, t := range d.tasks {
				gone = append(gone, t.TaskID.Value)
			}
		}
		return hit
	})
	return gone
}

// everSentTask says whether the executor has got any task as far as the agent
// can prove it: one that ended counts only if the executor itself had reported
// on it (recorded: staging-task-omitted).
func (e *executor) everSentTask() bool {
	if e.spoke {
		return true
	}
	return slices.ContainsFunc(e.list(), func(t *task) bool {
		return !t.queued && (!terminal(t.state()) || t.spoke)
	})
}

func (e *executor) grace(a *agent) time.Duration {
	if g := e.info.ShutdownGracePeriod; g != nil {
		return time.Duration(g.Nanoseconds)
	}
	return a.cfg.ShutdownGrace
}

func (t *task) state() mesos.TaskState { return t.record.GetState() }

func newTask(info mesos.TaskInfo, framework, executor string, agent mesos.AgentID) mesos.Task {
	t := mesos.Task{
		Name: info.Name, TaskID: info.TaskID, FrameworkID: mesos.FrameworkID{Value: framework}, AgentID: agent,
		State: mesos.TASK_STAGING.Enum(), Resources: info.Resources, Labels: info.Labels, Discovery: info.Discovery,
		Container: info.Container, HealthCheck: info.HealthCheck, KillPolicy: info.KillPolicy,
	}
	if executor != "" {
		t.ExecutorID = &mesos.ExecutorID{Value: executor}
	}
	return t
}

// terminal says whether a state is a task's last (protobuf::isTerminalState).
func terminal(s mesos.TaskState) bool {
	switch s {
	case mesos.TASK_FINISHED, mesos.TASK_FAILED, mesos.TASK_KILLED, mesos.TASK_LOST, mesos.TASK_ERROR,
		mesos.TASK_DROPPED, mesos.TASK_GONE, mesos.TASK_GONE_BY_OPERATOR:
		return true
	}
	return false
}
