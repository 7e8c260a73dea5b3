package agent

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// subscribe is Slave::subscribe. Every SUBSCRIBE that gets here is answered with
// a stream:
//
//	executor, framework or agent ending    SHUTDOWN, end of the stream
//	every task killed before delivery      SHUTDOWN; the stream stays open
//	otherwise                              SUBSCRIBED, ACKNOWLEDGED of what was resent, LAUNCHes
func (a *agent) subscribe(e *executor, call *wireexec.Call_Subscribe, codec wire.Codec) *stream {
	s := newStream(codec, a.faults.current.Split)
	if a.phase == terminating || e.framework.ending || e.phase == executorEnding || e.phase == executorEnded {
		a.refuseStream(s)
		return s
	}
	e.endStream()
	e.stream, e.phase = s, subscribed
	stopTimer(e.registration)
	a.checkpointHTTP(e)
	for _, u := range call.UnacknowledgedUpdates {
		a.update(e.framework, u.Status)
	}
	a.dropForgotten(e, call.UnacknowledgedTasks)
	if !e.everSentTask() && len(e.queued) == 0 {
		a.shutdownExecutor(e)
		return s
	}
	a.send(e, &wireexec.Event{Type: wireexec.Event_SUBSCRIBED, Subscribed: &wireexec.Event_Subscribed{
		ExecutorInfo: e.info, FrameworkInfo: e.framework.info, AgentInfo: a.info,
		ContainerID: &mesos.ContainerID{Value: e.containerID},
	}})
	a.beat(e)
	a.later(func() { a.deliver(e) })
	return s
}

// refuseStream: a SHUTDOWN, and that is all.
func (a *agent) refuseStream(s *stream) {
	if err := s.send(&wireexec.Event{Type: wireexec.Event_SHUTDOWN}); err != nil {
		a.log.Sugar().Warnf("SHUTDOWN: %v", err)
	}
	close(s.ended)
}

// dropForgotten: a task that was delivered but of which the executor, when it
// subscribes again, knows nothing has been lost on the way.
func (a *agent) dropForgotten(e *executor, known []mesos.TaskInfo) {
	for _, t := range e.list() {
		id := t.record.TaskID.Value
		listed := slices.ContainsFunc(known, func(i mesos.TaskInfo) bool { return i.TaskID.Value == id })
		if t.queued || listed || t.state() != mesos.TASK_STAGING {
			continue
		}
		a.report(e.framework, a.agentStatus(id, e.id, termination{
			e.framework.orLost(mesos.TASK_DROPPED), mesos.REASON_AGENT_RESTARTED, "Task launched during agent restart",
		}))
	}
}

// beat sends a HEARTBEAT after every interval, for as long as this stream is the
// executor's.
func (a *agent) beat(e *executor) {
	s := e.stream
	stopTimer(e.heartbeat)
	e.heartbeat = a.timer(a.cfg.HeartbeatInterval, func() {
		if e.stream == s && s != nil {
			a.send(e, &wireexec.Event{Type: wireexec.Event_HEARTBEAT})
			a.beat(e)
		}
	})
}

// fromExecutor passes a framework message on, without any guarantee.
func (a *agent) fromExecutor(e *executor, data []byte) {
	if a.phase != running || e.framework.ending {
		return
	}
	a.link.tell(link.Event{Message: &link.Message{FrameworkID: e.framework.id, ExecutorID: e.id, Data: data}})
}
