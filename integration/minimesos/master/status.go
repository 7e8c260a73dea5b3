package master

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

// status makes a status of the master's own: it has no uuid and must not be
// acknowledged.
func (s *state) status(
	id mesos.TaskID, st mesos.TaskState, reason mesos.TaskStatus_Reason, message string,
) *mesos.TaskStatus {
	now := seconds(s.clock.now())
	return &mesos.TaskStatus{
		TaskID:    id,
		State:     &st,
		Source:    mesos.SOURCE_MASTER.Enum(),
		Reason:    &reason,
		Message:   &message,
		Timestamp: &now,
	}
}

// onAgent adds where the task is or was; the executor may be nil.
func onAgent(status *mesos.TaskStatus, agent mesos.AgentID, executor *mesos.ExecutorID) {
	status.AgentID, status.ExecutorID = &agent, executor
}

// withLast copies what reconciliation repeats of the last status.
func withLast(status *mesos.TaskStatus, t *mesos.Task) {
	if n := len(t.Statuses); n > 0 {
		last := t.Statuses[n-1]
		status.Healthy, status.CheckStatus = last.Healthy, last.CheckStatus
		status.ContainerStatus = last.ContainerStatus
	}
}

// forward sends an update to the scheduler. Of updates that want an
// acknowledgement the task keeps state and uuid, to know the terminal one.
func (s *state) forward(f *framework, status *mesos.TaskStatus) {
	if t := f.task(status.TaskID.Value); t != nil && len(status.UUID) > 0 {
		t.StatusUpdateState = status.State
		t.StatusUpdateUUID = status.UUID
	}
	f.send(&scheduler.Event{
		Type:   scheduler.Event_UPDATE,
		Update: &scheduler.Event_Update{Status: *status},
	})
}

// refuseTasks answers tasks that are not launched, one update each.
func (s *state) refuseTasks(
	f *framework, tasks []mesos.TaskInfo, st mesos.TaskState, reason mesos.TaskStatus_Reason, message string,
) {
	for i := range tasks {
		status := s.status(tasks[i].TaskID, st, reason, message)
		onAgent(status, tasks[i].AgentID, nil)
		s.forward(f, status)
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
