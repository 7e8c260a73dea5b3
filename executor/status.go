package executor

import (
	"strings"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Status is one status update as the life of a task words it; the Session adds
// what every update carries.
type Status struct {
	Task    string
	State   mesos.TaskState
	Reason  *mesos.TaskStatus_Reason // nil: none, as for an ordinary exit
	Message string
	Healthy *bool                  // by the health check's last verdict; nil: none in this status
	Check   *mesos.CheckStatusInfo // of a task with a check
	Volumes []volumes.VolumeState
	Data    []byte // of a container's TASK_RUNNING
	// Networks is where a container with addresses of its own is to be found.
	Networks []mesos.NetworkInfo
}

// Why a task failed, for frameworks.
var (
	reasonInvalid    = mesos.REASON_TASK_INVALID
	reasonLaunch     = mesos.REASON_CONTAINER_LAUNCH_FAILED
	reasonVolumeLost = mesos.REASON_CONTAINER_LIMITATION
	reasonMemory     = mesos.REASON_CONTAINER_LIMITATION_MEMORY
	reasonCompletion = mesos.REASON_MAX_COMPLETION_TIME_REACHED
	reasonCheck      = mesos.REASON_TASK_CHECK_STATUS_UPDATED
	reasonHealth     = mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED
)

func starting(task, message string) Status {
	return Status{Task: task, State: mesos.TASK_STARTING, Message: message}
}

func running(task string) Status { return Status{Task: task, State: mesos.TASK_RUNNING} }

func killing(task string) Status { return Status{Task: task, State: mesos.TASK_KILLING} }

func finished(task, message string) Status {
	return Status{Task: task, State: mesos.TASK_FINISHED, Message: message}
}

func killed(task, message string) Status {
	return Status{Task: task, State: mesos.TASK_KILLED, Message: message}
}

func failed(task string, reason *mesos.TaskStatus_Reason, message string) Status {
	return Status{Task: task, State: mesos.TASK_FAILED, Reason: reason, Message: message}
}

// stamp completes a status: everything the agent insists on
// (common/validation.cpp) and what Mesos' command executor sets. An agent id
// other than the agent's own would make it drop the update without a word.
// Of container_status there are at most the addresses: the agent puts in
// container, pid and, if need be, addresses of this executor, and would look for
// them in another container if one were named (slave.cpp, statusUpdate); tasks of a
// group have none of their own.
func (s Status) stamp(executor mesos.ExecutorID, agent *mesos.AgentID) mesos.TaskStatus {
	id := uuid.New()
	now := float64(time.Now().UnixNano()) / float64(time.Second)
	source := mesos.SOURCE_EXECUTOR
	status := mesos.TaskStatus{
		TaskID:     mesos.TaskID{Value: s.Task},
		State:      &s.State,
		Reason:     s.Reason,
		Source:     &source,
		UUID:       id[:],
		Timestamp:  &now,
		ExecutorID: &executor,
		AgentID:    agent,

		Healthy:     s.Healthy,
		CheckStatus: s.Check,
		Labels:      volumeLabels(s.Volumes),
		Data:        s.Data,
	}
	if len(s.Networks) > 0 {
		status.ContainerStatus = &mesos.ContainerStatus{NetworkInfos: s.Networks}
	}
	if s.Message != "" {
		// A string of protobuf, on one line: joined errors have one for each.
		text := strings.ReplaceAll(strings.ToValidUTF8(s.Message, "\uFFFD"), "\n", "; ")
		status.Message = &text
	}
	return status
}

// VolumeLabel is what the keys of a status' labels begin with; the volume's name
// follows. It does not change with the prefix of the task's own labels.
const VolumeLabel = "flocker.volume."

// volumeLabels has a label for each volume: "dataset=<id>,state=<state>", without
// the id while it is not known.
func volumeLabels(states []volumes.VolumeState) *mesos.Labels {
	if len(states) == 0 {
		return nil
	}
	labels := &mesos.Labels{}
	for _, v := range states {
		value := "state=" + string(v.State)
		if v.Dataset != "" {
			value = "dataset=" + v.Dataset + "," + value
		}
		labels.Labels = append(labels.Labels, mesos.Label{Key: VolumeLabel + v.Name, Value: &value})
	}
	return labels
}

// phase names a status for failpoints.
func phase(s mesos.TaskStatus) string {
	switch s.GetState() {
	case mesos.TASK_STARTING:
		return "starting"
	case mesos.TASK_RUNNING, mesos.TASK_KILLING:
		return "running"
	}
	return "terminal"
}
