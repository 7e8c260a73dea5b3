package agent

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// send puts an event on the executor's stream. Without one it is lost, and so it
// is when the executor has gone without a word: nobody watches streams.
func (a *agent) send(e *executor, event *wireexec.Event) {
	if e.stream == nil {
		return
	}
	if err := e.stream.send(event); err != nil {
		a.log.Sugar().Warnf("%v of executor %s: %v", event.Type, e.id, err)
	}
}

// deliver sends what is queued.
func (a *agent) deliver(e *executor) {
	for _, d := range e.queued {
		for _, info := range d.tasks {
			if t := e.tasks[info.TaskID.Value]; t != nil {
				t.queued = false
			}
		}
		event := &wireexec.Event{Type: wireexec.Event_LAUNCH_GROUP, LaunchGroup: &wireexec.Event_LaunchGroup{
			TaskGroup: mesos.TaskGroupInfo{Tasks: d.tasks},
		}}
		if !d.group {
			event = &wireexec.Event{Type: wireexec.Event_LAUNCH, Launch: &wireexec.Event_Launch{Task: d.tasks[0]}}
		}
		a.send(e, event)
	}
	e.queued = nil
}

// acknowledge tells the executor that an update is safe with the agent.
func (a *agent) acknowledge(e *executor, s mesos.TaskStatus) {
	event := &wireexec.Event{Type: wireexec.Event_ACKNOWLEDGED, Acknowledged: &wireexec.Event_Acknowledged{
		TaskID: s.TaskID, UUID: s.UUID,
	}}
	a.faults.acknowledge(a, func() { a.send(e, event) })
}

// shutdownExecutor asks an executor to end, and makes it end after its grace
// period. One that has not subscribed is told when it does.
func (a *agent) shutdownExecutor(e *executor) {
	if e.phase == executorEnding || e.phase == executorEnded {
		return
	}
	e.phase = executorEnding
	a.send(e, &wireexec.Event{Type: wireexec.Event_SHUTDOWN})
	e.shutdown = a.timer(e.grace(a), func() {
		if e.phase == executorEnding {
			a.log.Sugar().Infof("executor %s did not shut down in time", e.id)
			a.destroy(e, nil)
		}
	})
}

// destroy kills the executor's container; exited follows. The first reason given
// is the one that counts.
func (a *agent) destroy(e *executor, why *termination) {
	if e.termination == nil {
		e.termination = why
	}
	e.phase, e.doomed = executorEnding, true
	e.cancel()
	if e.container != nil {
		e.container.Kill()
	}
}
