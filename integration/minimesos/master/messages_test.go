package master_test

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// aware is a FrameworkInfo with all of today's capabilities.
func aware(roles ...string) *mesos.FrameworkInfo {
	failover := 3600.0
	info := &mesos.FrameworkInfo{User: "root", Name: "test", FailoverTimeout: &failover, Roles: roles}
	for _, c := range []mesos.FrameworkInfo_Capability_Type{
		mesos.FrameworkInfo_Capability_MULTI_ROLE,
		mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT,
		mesos.FrameworkInfo_Capability_PARTITION_AWARE,
	} {
		info.Capabilities = append(info.Capabilities, mesos.FrameworkInfo_Capability{Type: c})
	}
	return info
}

// plain is one with none.
func plain() *mesos.FrameworkInfo { return &mesos.FrameworkInfo{User: "root", Name: "plain"} }

// task is a healthy one with an executor of its own.
func task(o *mesos.Offer, id string) mesos.TaskInfo {
	command := "./executor"
	return mesos.TaskInfo{
		Name: id, TaskID: mesos.TaskID{Value: id}, AgentID: o.AgentID,
		Resources: []mesos.Resource{scalar("cpus", 0.1), scalar("mem", 32)},
		Executor: &mesos.ExecutorInfo{
			Type: mesos.ExecutorInfo_CUSTOM, ExecutorID: mesos.ExecutorID{Value: "ex-" + id},
			Command:   &mesos.CommandInfo{Value: &command},
			Resources: []mesos.Resource{scalar("cpus", 0.1), scalar("mem", 32)},
		},
	}
}

// uuid makes a valid version 4 uuid of a number.
func uuid(n byte) []byte {
	b := make([]byte, 16)
	b[0], b[6], b[8] = n, 0x40, 0x80
	return b
}
