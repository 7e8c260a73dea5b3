package agent

import (
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// obey does what the master says.
func (a *agent) obey(c link.Command) error {
	switch {
	case c.Registered != nil:
		return a.registered(c.Registered.AgentID)
	case c.Run != nil:
		return a.run(*c.Run)
	case c.Kill != nil:
		return a.kill(*c.Kill)
	case c.Shutdown != nil:
		a.shutdownNamed(c.Shutdown.FrameworkID, c.Shutdown.ExecutorID)
	case c.ShutdownFramework != nil:
		return a.withFramework(c.ShutdownFramework, a.teardown)
	case c.UpdateFramework != nil:
		return a.withFramework(c.UpdateFramework, a.updateFramework)
	case c.Message != nil:
		a.message(*c.Message)
	case c.Acknowledge != nil:
		a.acknowledged(*c.Acknowledge)
	case c.Ping != nil:
		a.link.tell(link.Event{Pong: &struct{}{}})
	}
	return nil
}

func (a *agent) withFramework(f *link.Framework, act func(mesos.FrameworkInfo)) error {
	var info mesos.FrameworkInfo
	if err := wire.UnmarshalProtobuf(f.FrameworkInfo, &info); err != nil {
		return fmt.Errorf("framework info from the master: %w", err)
	}
	act(info)
	return nil
}

// run is Slave::run: find or make the executor, give or queue it the tasks.
func (a *agent) run(r link.Run) error {
	var info mesos.FrameworkInfo
	var exec mesos.ExecutorInfo
	if err := wire.UnmarshalProtobuf(r.FrameworkInfo, &info); err != nil {
		return fmt.Errorf("run: framework info: %w", err)
	}
	if err := wire.UnmarshalProtobuf(r.ExecutorInfo, &exec); err != nil {
		return fmt.Errorf("run: executor info: %w", err)
	}
	d := delivery{group: r.Group}
	for _, data := range r.Tasks {
		var task mesos.TaskInfo
		if err := wire.UnmarshalProtobuf(data, &task); err != nil {
			return fmt.Errorf("run: task info: %w", err)
		}
		d.tasks = append(d.tasks, task)
	}
	f := a.framework(info)
	if f.ending || a.phase == terminating {
		return nil
	}
	if refusal := a.refuseLimits(d); refusal != "" {
		a.refuse(f, d, "", termination{f.orLost(mesos.TASK_DROPPED), mesos.REASON_GC_ERROR, refusal})
		return nil
	}
	a.runOn(f, exec, d, r.LaunchExecutor)
	return nil
}

func (a *agent) runOn(f *framework, info mesos.ExecutorInfo, d delivery, launch bool) {
	id := info.ExecutorID.Value
	e := f.executors[id]
	terminated := func(message string) termination {
		return termination{f.orLost(mesos.TASK_DROPPED), mesos.REASON_EXECUTOR_TERMINATED, message}
	}
	switch {
	case launch && e != nil:
		a.refuse(f, d, id, terminated("Master wants to launch executor, but one already exists"))
	case !launch && e == nil:
		a.refuse(f, d, id, terminated("No executor is expected to launch and there is none running"))
	case e == nil:
		a.launch(f, info, d)
	case e.phase == executorEnding || e.phase == executorEnded:
		a.refuse(f, d, id, terminated("Executor "+e.phase.String()))
	default:
		a.enqueue(e, d)
		if e.phase == subscribed {
			a.deliver(e)
		}
	}
}

func (a *agent) enqueue(e *executor, d delivery) {
	e.enqueue(*a.info.ID, d)
	a.checkpointTasks(e, d)
}

// refuse reports on tasks that never get to an executor.
func (a *agent) refuse(f *framework, d delivery, executor string, t termination) {
	for _, info := range d.tasks {
		a.report(f, a.agentStatus(info.TaskID.Value, executor, t))
	}
	a.removeIfIdle(f)
}

// refuseLimits: limits on a task that is not in a docker container need an agent
// that can set them; posix isolation cannot (recorded: launch-failures).
func (a *agent) refuseLimits(d delivery) string {
	if a.cfg.Isolation != "posix" {
		return ""
	}
	for _, t := range d.tasks {
		if t.Container != nil && t.Container.GetType() == mesos.ContainerInfo_DOCKER {
			continue
		}
		for _, limit := range []struct{ key, name, isolator string }{{"cpus", "CPU", "cpu"}, {"mem", "Memory", "mem"}} {
			if _, ok := t.Limits[limit.key]; ok {
				return fmt.Sprintf("%s limits can only be set on tasks launched in Mesos containers "+
					"when the agent has loaded the 'cgroups/%s' isolator", limit.name, limit.isolator)
			}
		}
	}
	return ""
}

// kill is Slave::killTask.
func (a *agent) kill(k link.Kill) error {
	var policy *mesos.KillPolicy
	if k.KillPolicy != nil {
		policy = &mesos.KillPolicy{}
		if err := wire.UnmarshalProtobuf(k.KillPolicy, policy); err != nil {
			return fmt.Errorf("kill: policy: %w", err)
		}
	}
	f := a.frameworks[k.FrameworkID]
	if f == nil || f.ending {
		return nil
	}
	e := f.owner(k.TaskID)
	if e == nil {
		a.report(f, a.agentStatus(k.TaskID, "", termination{
			f.orLost(mesos.TASK_DROPPED), mesos.REASON_EXECUTOR_TERMINATED, "Cannot find executor",
		}))
		return nil
	}
	a.killOf(e, k.TaskID, policy)
	return nil
}

func (a *agent) killOf(e *executor, id string, policy *mesos.KillPolicy) {
	if e.phase == executorEnding || e.phase == executorEnded {
		return
	}
	undelivered := e.unqueue(id)
	for _, gone := range undelivered {
		a.report(e.framework, a.agentStatus(gone, e.id, termination{
			mesos.TASK_KILLED, mesos.REASON_TASK_KILLED_DURING_LAUNCH, "Killed before delivery to the executor",
		}))
	}
	if e.phase != subscribed {
		return
	}
	if len(undelivered) == 0 {
		a.send(e, &wireexec.Event{Type: wireexec.Event_KILL, Kill: &wireexec.Event_Kill{
			TaskID: mesos.TaskID{Value: id}, KillPolicy: policy,
		}})
		return
	}
	if !e.everSentTask() && len(e.queued) == 0 {
		a.shutdownExecutor(e)
	}
}

func (a *agent) shutdownNamed(framework, executor string) {
	f := a.frameworks[framework]
	if f == nil || f.ending {
		return
	}
	if e := f.executors[executor]; e != nil {
		a.shutdownExecutor(e)
	}
}

// teardown ends a framework: from here on nothing is sent for it.
func (a *agent) teardown(info mesos.FrameworkInfo) {
	f := a.frameworks[info.GetID().GetValue()]
	if f == nil || f.ending {
		return
	}
	f.ending = true
	a.closeStreamsOf(f.id)
	for _, e := range f.list() {
		if e.phase == executorEnded {
			a.removeExecutor(e)
			continue
		}
		a.shutdownExecutor(e)
	}
	if len(f.executors) == 0 {
		a.removeIfIdle(f)
	}
}

func (a *agent) updateFramework(info mesos.FrameworkInfo) {
	if f := a.frameworks[info.GetID().GetValue()]; f != nil && !f.ending {
		f.info = info
		a.checkpointFramework(f)
	}
	a.resume()
}

func (a *agent) message(m link.Message) {
	f := a.frameworks[m.FrameworkID]
	if f == nil || f.ending || a.phase != running {
		return
	}
	if e := f.executors[m.ExecutorID]; e != nil && e.phase == subscribed {
		data := m.Data
		if data == nil {
			data = []byte{}
		}
		a.send(e, &wireexec.Event{Type: wireexec.Event_MESSAGE, Message: &wireexec.Event_Message{Data: data}})
	}
}
