package executor_test

import (
	"bytes"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

func subscribed(capabilities ...mesos.FrameworkInfo_Capability_Type) *wire.Event {
	f := mesos.FrameworkInfo{User: "root", Name: "test", ID: &mesos.FrameworkID{Value: "f"}}
	for _, c := range capabilities {
		f.Capabilities = append(f.Capabilities, mesos.FrameworkInfo_Capability{Type: c})
	}
	return &wire.Event{Type: wire.Event_SUBSCRIBED, Subscribed: &wire.Event_Subscribed{
		ExecutorInfo:  mesos.ExecutorInfo{ExecutorID: mesos.ExecutorID{Value: "e"}},
		FrameworkInfo: f,
		AgentInfo:     mesos.AgentInfo{Hostname: "h", ID: &mesos.AgentID{Value: "a"}},
	}}
}

func launch(task mesos.TaskInfo) *wire.Event {
	return &wire.Event{Type: wire.Event_LAUNCH, Launch: &wire.Event_Launch{Task: task}}
}

func kill(task string, grace ...int64) *wire.Event {
	k := &wire.Event_Kill{TaskID: mesos.TaskID{Value: task}}
	for _, g := range grace {
		k.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: g}}
	}
	return &wire.Event{Type: wire.Event_KILL, Kill: k}
}

func acknowledged(s mesos.TaskStatus) *wire.Event {
	return &wire.Event{Type: wire.Event_ACKNOWLEDGED, Acknowledged: &wire.Event_Acknowledged{TaskID: s.TaskID, UUID: s.UUID}}
}

func info(id string) mesos.TaskInfo {
	return mesos.TaskInfo{Name: id, TaskID: mesos.TaskID{Value: id}, AgentID: mesos.AgentID{Value: "a"}}
}

// same says whether two updates are the same one.
func same(a, b mesos.TaskStatus) bool { return bytes.Equal(a.UUID, b.UUID) }
