package main

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/resources"
)

// What the executor needs beside the task.
const (
	executorCPUs = 0.1
	executorMem  = 32
)

// shutdownGrace is what the executor gets to end the task and give its volume
// back. The agent's own five seconds are little.
const shutdownGrace = 30 * time.Second

// fits says whether an offer can carry the task and its executor.
func (c config) fits(offer mesos.Offer) bool {
	free := mesos.Resources(offer.Resources).ToUnreserved()
	cpus, _ := resources.CPUs(free...)
	mem, _ := resources.Memory(free...)
	return cpus >= c.cpus+executorCPUs && float64(mem) >= c.mem+executorMem
}

// taskInfo asks for the volume with labels. The command goes into a label too:
// with a custom executor TaskInfo.command must be empty.
func (c config) taskInfo(id string, offer mesos.Offer) mesos.TaskInfo {
	return mesos.TaskInfo{
		Name:      c.service,
		TaskID:    mesos.TaskID{Value: id},
		AgentID:   offer.AgentID,
		Resources: scalars(c.cpus, c.mem),
		Labels: &mesos.Labels{Labels: []mesos.Label{
			{Key: "flocker.volume", Value: &c.volume},
			{Key: "flocker.command", Value: &c.command},
		}},
		Executor: c.executorInfo(id),
	}
}

// executorInfo is a fresh executor for each task: it lives one task's life.
func (c config) executorInfo(taskID string) *mesos.ExecutorInfo {
	return &mesos.ExecutorInfo{
		Type:       mesos.ExecutorInfo_CUSTOM,
		ExecutorID: mesos.ExecutorID{Value: taskID},
		Command: &mesos.CommandInfo{
			Shell:     ptr(false),
			Value:     ptr("./flocker-executor"),
			Arguments: []string{"flocker-executor"},
			URIs: []mesos.CommandInfo_URI{{
				Value: c.executor, Executable: ptr(true), Extract: ptr(false), OutputFile: ptr("flocker-executor"),
			}},
		},
		Resources:           scalars(executorCPUs, executorMem),
		ShutdownGracePeriod: &mesos.DurationInfo{Nanoseconds: shutdownGrace.Nanoseconds()},
	}
}

func scalars(cpus, mem float64) []mesos.Resource {
	return []mesos.Resource{resources.NewCPUs(cpus).Resource, resources.NewMemory(mem).Resource}
}

// frameworkInfo: with checkpoint the executor survives a restart of its agent.
// PARTITION_AWARE tells a node that is away from a task that is over;
// TASK_KILLING_STATE shows that a task is being ended.
func (c config) frameworkInfo() *mesos.FrameworkInfo {
	return &mesos.FrameworkInfo{
		Name:            c.service,
		User:            "root", // of the executor: it binds volumes
		Checkpoint:      ptr(true),
		FailoverTimeout: ptr(c.failover.Seconds()),
		Roles:           []string{"*"},
		Capabilities: []mesos.FrameworkInfo_Capability{
			{Type: mesos.FrameworkInfo_Capability_MULTI_ROLE},
			{Type: mesos.FrameworkInfo_Capability_PARTITION_AWARE},
			{Type: mesos.FrameworkInfo_Capability_TASK_KILLING_STATE},
		},
	}
}

func ptr[T any](v T) *T { return &v }
