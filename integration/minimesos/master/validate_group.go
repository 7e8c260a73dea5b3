package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// validateGroup checks a LAUNCH_GROUP (validation.cpp, task::group::validate).
// A command next to the executor is fine here.
func (s *state) validateGroup(acc *acceptance, op *mesos.Offer_Operation_LaunchGroup) error {
	tasks := op.TaskGroup.Tasks
	for i := range tasks {
		if err := validateGroupTask(acc, &tasks[i]); err != nil {
			return refusef("Task '%s' is invalid: %v", tasks[i].TaskID.Value, err)
		}
	}
	return firstError(
		func() error { return validateGroupExecutor(acc, op) },
		func() error { return validateGroupResources(acc, op) },
		func() error { return validateExecutorCgroups(&op.Executor) },
		func() error { return validateSharing(tasks) },
	)
}

func validateGroupTask(acc *acceptance, t *mesos.TaskInfo) error {
	if err := validateTaskInfo(acc, t); err != nil {
		return err
	}
	if c := t.Container; c != nil {
		if len(c.NetworkInfos) > 0 && t.HealthCheck != nil && overNetwork(t.HealthCheck.Type) {
			return refusef("HTTP and TCP health checks are not supported for nested containers" +
				" not joining parent's network")
		}
		if c.GetType() == mesos.ContainerInfo_DOCKER {
			return refusef("Docker ContainerInfo is not supported on the task")
		}
	}
	if len(t.Limits) > 0 && sharesCgroups(t) {
		return refusef("Resource limits may only be set for tasks within a task group when" +
			" the 'share_cgroups' field is set to 'false'.")
	}
	return nil
}

func overNetwork(t mesos.HealthCheck_Type) bool {
	return t == mesos.HealthCheck_HTTP || t == mesos.HealthCheck_TCP
}

func sharesCgroups(t *mesos.TaskInfo) bool {
	linux := t.GetContainer().GetLinuxInfo()
	return linux == nil || linux.GetShareCgroups()
}

func validateGroupExecutor(acc *acceptance, op *mesos.Offer_Operation_LaunchGroup) error {
	e := &op.Executor
	if err := validateExecutor(acc, e); err != nil {
		return err
	}
	if e.Type == mesos.ExecutorInfo_UNKNOWN {
		return refusef("'ExecutorInfo.type' must be set")
	}
	if e.Container != nil && e.Container.GetType() == mesos.ContainerInfo_DOCKER {
		return refusef("Docker ContainerInfo is not supported on the executor")
	}
	for _, t := range op.TaskGroup.Tasks {
		if t.Executor != nil && !sameExecutor(t.Executor, e) {
			return refusef("The `ExecutorInfo` of task '%s' is different from executor '%s'",
				t.TaskID.Value, e.ExecutorID.Value)
		}
	}
	return validateMinimum(e)
}

// validateMinimum is mandatory for the executor of a group only.
func validateMinimum(e *mesos.ExecutorInfo) error {
	r := newResources(e.Resources)
	if cpus, found := r.scalar("cpus"); cpus < minCPUs {
		return refusef("Executor '%s' uses less CPUs (%s) than the minimum required (0.01)",
			e.ExecutorID.Value, orNone(scalarText(cpus), found))
	}
	if mem, found := r.scalar("mem"); mem < minMemMB {
		return refusef("Executor '%s' uses less memory (%s) than the minimum required (32MB)",
			e.ExecutorID.Value, orNone(scalarText(mem)+"MB", found))
	}
	if _, found := r.scalar("disk"); !found {
		return refusef("Executor '%s' uses no disk", e.ExecutorID.Value)
	}
	return nil
}

func orNone(text string, found bool) string {
	if !found {
		return "None"
	}
	return text
}

func validateGroupResources(acc *acceptance, op *mesos.Offer_Operation_LaunchGroup) error {
	var total resources
	var lists [][]mesos.Resource
	for _, t := range op.TaskGroup.Tasks {
		total = total.plus(newResources(t.Resources))
		lists = append(lists, t.Resources)
	}
	if overlap(append(lists, op.Executor.Resources)...) {
		return refusef("There are overlapping resources in the task group's task resources { %s }"+
			" and/or executor resources %s", total, resources(op.Executor.Resources))
	}
	if acc.agent.executor(acc.framework.id(), op.Executor.ExecutorID.Value) == nil {
		total = total.plus(newResources(op.Executor.Resources))
	}
	if !acc.left.contains(total) {
		return refusef("Total resources %s required by task group and its executor are more than available %s",
			total, acc.left)
	}
	return nil
}

func validateSharing(tasks []mesos.TaskInfo) error {
	for i := range tasks {
		if sharesCgroups(&tasks[i]) != sharesCgroups(&tasks[0]) {
			return refusef("If set, the value of 'share_cgroups' must be the same for all tasks in each" +
				" task group and under a single executor")
		}
	}
	return nil
}
