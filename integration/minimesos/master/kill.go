package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// kill forwards every KILL, repeated ones too. A task that the master does not
// know is reconciled instead; the wrong agent's id makes it ignore the call.
func (s *state) kill(f *framework, call *scheduler.Call_Kill) {
	t := f.task(call.TaskID.Value)
	if t == nil {
		s.reconcile(f, &scheduler.Call_Reconcile{
			Tasks: []scheduler.Call_Reconcile_Task{{TaskID: call.TaskID, AgentID: call.AgentID}},
		})
		return
	}
	if call.AgentID != nil && call.AgentID.Value != t.agent.id {
		return
	}
	t.agent.killed[killKey(f.id(), call.TaskID)] = true
	kill := &link.Kill{FrameworkID: f.id(), TaskID: call.TaskID.Value}
	if call.KillPolicy != nil {
		// An empty policy is not the same as none.
		kill.KillPolicy = append([]byte{}, s.encode(call.KillPolicy)...)
	}
	t.agent.send(&link.Command{Kill: kill})
}

func killKey(frameworkID string, id mesos.TaskID) string { return frameworkID + "/" + id.Value }

func (s *state) shutdown(f *framework, call *scheduler.Call_Shutdown) {
	if a := s.agent(call.AgentID.Value); a != nil {
		a.send(&link.Command{Shutdown: &link.ExecutorRef{
			FrameworkID: f.id(),
			ExecutorID:  call.ExecutorID.Value,
		}})
	}
}

// message goes to the executor without any guarantee.
func (s *state) message(f *framework, call *scheduler.Call_Message) {
	if a := s.agent(call.AgentID.Value); a != nil {
		a.send(&link.Command{Message: &link.Message{
			FrameworkID: f.id(),
			ExecutorID:  call.ExecutorID.Value,
			Data:        call.Data,
		}})
	}
}
