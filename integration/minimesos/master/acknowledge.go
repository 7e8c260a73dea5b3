package master

import (
	"bytes"

	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// acknowledge passes an acknowledgement on to the agent; the one of a terminal
// update removes the task. What does not fit is ignored (recorded:
// 05-unacknowledged-update).
func (s *state) acknowledge(f *framework, call *scheduler.Call_Acknowledge) {
	a := s.agent(call.AgentID.Value)
	if a == nil || a.stream == nil || s.faults.takeAcknowledgement() {
		return
	}
	if t := a.task(f.id(), call.TaskID.Value); t != nil {
		if t.StatusUpdateState == nil {
			return
		}
		if terminal(*t.StatusUpdateState) && bytes.Equal(t.StatusUpdateUUID, call.UUID) {
			s.removeTask(t, false)
		}
	}
	ack := &link.Command{Acknowledge: &link.Acknowledge{
		FrameworkID: f.id(),
		TaskID:      call.TaskID.Value,
		UUID:        call.UUID,
	}}
	if s.faults.acknowledgementDelay == 0 {
		a.send(ack)
		return
	}
	s.clock.after(s.faults.acknowledgementDelay, func() { a.send(ack) })
}
