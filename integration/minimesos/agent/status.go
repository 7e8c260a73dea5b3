package agent

import (
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// agentStatus is one that the agent itself makes. executor may be empty.
func (a *agent) agentStatus(task, executor string, t termination) mesos.TaskStatus {
	id := uuid.New()
	s := mesos.TaskStatus{
		TaskID: mesos.TaskID{Value: task}, State: t.state.Enum(), Source: mesos.SOURCE_AGENT.Enum(),
		Reason: t.reason.Enum(), Message: &t.message, AgentID: a.info.ID, Timestamp: now(), UUID: id[:],
	}
	if executor != "" {
		s.ExecutorID = &mesos.ExecutorID{Value: executor}
	}
	return s
}

func now() *float64 {
	seconds := float64(time.Now().UnixMicro()) / 1e6
	return &seconds
}

// describeContainer adds what the agent knows about the executor's container. A
// status that names another container is left as it is: the agent would ask for
// that one, and knows none (recorded: resubscribe).
func (a *agent) describeContainer(s *mesos.TaskStatus, e *executor) {
	if s.ContainerStatus == nil {
		s.ContainerStatus = &mesos.ContainerStatus{}
	}
	c := s.ContainerStatus
	if c.ContainerID != nil && c.ContainerID.Value != e.containerID {
		return
	}
	c.ContainerID = &mesos.ContainerID{Value: e.containerID}
	if e.pid > 0 {
		pid := uint32(e.pid)
		c.ExecutorPID = &pid
	}
	if len(c.NetworkInfos) == 0 {
		ip := a.cfg.IP
		c.NetworkInfos = []mesos.NetworkInfo{{IPAddresses: []mesos.NetworkInfo_IPAddress{{
			Protocol: mesos.IPv4.Enum(), IPAddress: &ip,
		}}}}
	}
}
