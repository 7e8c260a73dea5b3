package master

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

func (f *framework) id() string { return f.info.GetID().Value }

func (f *framework) connected() bool { return f.stream != nil }

func (f *framework) can(c mesos.FrameworkInfo_Capability_Type) bool {
	return hasCapability(f.info, c)
}

func (f *framework) partitionAware() bool {
	return f.can(mesos.FrameworkInfo_Capability_PARTITION_AWARE)
}

func (f *framework) roles() []string { return rolesOf(f.info) }

func hasCapability(info *mesos.FrameworkInfo, want mesos.FrameworkInfo_Capability_Type) bool {
	return slices.ContainsFunc(info.Capabilities, func(c mesos.FrameworkInfo_Capability) bool {
		return c.Type == want
	})
}

// rolesOf is the subscribed roles; without MULTI_ROLE the single old one.
func rolesOf(info *mesos.FrameworkInfo) []string {
	if hasCapability(info, mesos.FrameworkInfo_Capability_MULTI_ROLE) {
		return info.Roles
	}
	return []string{info.GetRole()}
}

// send queues an event; without a stream it is lost, as in Mesos.
func (f *framework) send(e *scheduler.Event) {
	if f.stream != nil {
		f.stream.send(e)
	}
}

func (f *framework) task(id string) *task {
	for _, t := range f.tasks {
		if t.TaskID.Value == id {
			return t
		}
	}
	return nil
}

func (f *framework) isUnreachable(taskID string) bool {
	return slices.ContainsFunc(f.unreachable, func(t *task) bool { return t.TaskID.Value == taskID })
}

// lostState is what a framework that does not know the partition-aware states
// gets instead of one of them.
func (f *framework) lostState(s mesos.TaskState) mesos.TaskState {
	if f.partitionAware() {
		return s
	}
	return mesos.TASK_LOST
}
