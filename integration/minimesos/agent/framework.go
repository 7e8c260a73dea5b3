package agent

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// framework is one that has or had executors here.
type framework struct {
	id        string
	info      mesos.FrameworkInfo
	ending    bool // torn down: nothing is sent for it any more
	executors map[string]*executor
	order     []string // executor ids in the order they came
}

// framework finds or makes the one that info describes.
func (a *agent) framework(info mesos.FrameworkInfo) *framework {
	id := info.GetID().GetValue()
	f := a.frameworks[id]
	if f == nil {
		f = &framework{id: id, info: info, executors: map[string]*executor{}}
		a.frameworks[id] = f
	}
	return f
}

func (f *framework) checkpoint() bool { return f.info.GetCheckpoint() }

func (f *framework) partitionAware() bool {
	return slices.ContainsFunc(f.info.Capabilities, func(c mesos.FrameworkInfo_Capability) bool {
		return c.Type == mesos.FrameworkInfo_Capability_PARTITION_AWARE
	})
}

// orLost is state, or TASK_LOST for a framework that does not know it.
func (f *framework) orLost(state mesos.TaskState) mesos.TaskState {
	if f.partitionAware() {
		return state
	}
	return mesos.TASK_LOST
}

// list gives the executors in the order they came.
func (f *framework) list() []*executor {
	all := make([]*executor, 0, len(f.order))
	for _, id := range f.order {
		all = append(all, f.executors[id])
	}
	return all
}

// owner finds the executor that has the task, unless it is completed.
func (f *framework) owner(task string) *executor {
	for _, e := range f.list() {
		if e.tasks[task] != nil {
			return e
		}
	}
	return nil
}

// removeExecutor forgets an executor whose container has ended, and the
// framework with its last one.
func (a *agent) removeExecutor(e *executor) {
	f := e.framework
	a.checkpointRemoved(e)
	delete(f.executors, e.id)
	f.order = slices.DeleteFunc(f.order, func(id string) bool { return id == e.id })
	a.removeIfIdle(f)
}

func (a *agent) removeIfIdle(f *framework) {
	if len(f.executors) > 0 {
		return
	}
	if f.ending {
		a.closeStreamsOf(f.id)
	}
	delete(a.frameworks, f.id)
	a.leftIfEmpty()
}
