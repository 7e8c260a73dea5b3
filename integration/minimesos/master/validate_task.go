package master

import (
	"math"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// validateTask checks a task of a LAUNCH in Mesos' order (validation.cpp,
// task::validate); the first fault is the one that the framework reads.
func (s *state) validateTask(acc *acceptance, t *mesos.TaskInfo) error {
	return firstError(
		func() error { return validateTaskInfo(acc, t) },
		func() error { return validateTaskExecutor(acc, t) },
		func() error {
			if share := t.GetContainer().GetLinuxInfo(); share != nil && share.ShareCgroups != nil && !*share.ShareCgroups {
				return refusef("Only tasks in a task group may have 'share_cgroups' set to 'false'")
			}
			return nil
		},
	)
}

// validateTaskInfo checks everything but the executor, for LAUNCH and
// LAUNCH_GROUP alike.
func validateTaskInfo(acc *acceptance, t *mesos.TaskInfo) error {
	return firstError(
		func() error { return validateID(t.TaskID.Value) },
		func() error { return validateUnique(acc.framework, t.TaskID.Value) },
		func() error { return validateTaskAgent(acc.agent, t) },
		func() error { return validateDurations(t) },
		func() error { return validateTaskChecks(t) },
		func() error { return validateTaskResources(t) },
		func() error { return wrap("Task's `CommandInfo` is invalid", validateCommand(t.Command)) },
		func() error { return wrap("Task's `ContainerInfo` is invalid", validateContainer(t.Container)) },
		func() error { return validateLimits(t) },
	)
}

// wrap puts a subject before an error, and leaves no error alone.
func wrap(subject string, err error) error {
	if err == nil {
		return nil
	}
	return refusef("%s: %v", subject, err)
}

func validateUnique(f *framework, id string) error {
	if f.task(id) != nil {
		return refusef("Task has duplicate ID: %s", id)
	}
	if f.isUnreachable(id) {
		return refusef("Task reuses the ID of an unreachable task: %s", id)
	}
	return nil
}

func validateTaskAgent(a *agent, t *mesos.TaskInfo) error {
	if t.AgentID.Value != a.id {
		return refusef("Task uses invalid agent %s while agent %s is expected", t.AgentID.Value, a.id)
	}
	return nil
}

func validateDurations(t *mesos.TaskInfo) error {
	if t.GetKillPolicy().GetGracePeriod().GetNanoseconds() < 0 {
		return refusef("Task's 'kill_policy.grace_period' must be non-negative")
	}
	if t.GetMaxCompletionTime().GetNanoseconds() < 0 {
		return refusef("Task's `max_completion_time` must be non-negative")
	}
	return nil
}

func validateTaskChecks(t *mesos.TaskInfo) error {
	if t.Check != nil {
		if err := validateCheck(t.Check); err != nil {
			return wrap("Task uses invalid check", err)
		}
	}
	if t.HealthCheck != nil {
		return wrap("Task uses invalid health check", validateHealthCheck(t.HealthCheck))
	}
	return nil
}

func validateTaskResources(t *mesos.TaskInfo) error {
	if len(t.Resources) == 0 {
		return refusef("Task uses no resources")
	}
	if err := validateGPUs(t.Resources); err != nil {
		return wrap("Task uses invalid resources", err)
	}
	return wrap("Invalid task resources", validateSingleRole(t.Resources))
}

func validateGPUs(list []mesos.Resource) error {
	gpus, _ := newResources(list).scalar("gpus")
	if gpus != math.Trunc(gpus) {
		return refusef("Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer")
	}
	return nil
}

// validateLimits allows limits on cpus and mem, not below the request.
func validateLimits(t *mesos.TaskInfo) error {
	for name := range t.Limits {
		if name != "cpus" && name != "mem" {
			return refusef("Only cpus and mem may be included in a task's resource limits")
		}
	}
	requested := newResources(t.Resources)
	if limit, ok := t.Limits["cpus"]; ok {
		cpus, found := requested.scalar("cpus")
		if !found {
			return refusef("When a CPU limit is specified, a CPU request must also be specified")
		}
		if limit.Value < cpus {
			return refusef("The cpu limit must be greater than or equal to the cpu request")
		}
	}
	if limit, ok := t.Limits["mem"]; ok {
		mem, found := requested.scalar("mem")
		if !found {
			return refusef("When a memory limit is specified, a memory request must also be specified")
		}
		if limit.Value < mem {
			return refusef("The memory limit must be greater than or equal to the memory request")
		}
	}
	return nil
}

// validateTaskExecutor checks the executor of a LAUNCH and that both fit into
// what is left of the offers.
func validateTaskExecutor(acc *acceptance, t *mesos.TaskInfo) error {
	if (t.Executor != nil) == (t.Command != nil) {
		return refusef("Task should have at least one (but not both) of CommandInfo or ExecutorInfo present")
	}
	total := newResources(t.Resources)
	if e := t.Executor; e != nil {
		if err := validateLaunchExecutor(acc, e); err != nil {
			return err
		}
		if overlap(t.Resources, e.Resources) {
			return refusef("There are overlapping resources in the task resources %s and executor resources %s",
				resources(t.Resources), resources(e.Resources))
		}
		if acc.agent.executor(acc.framework.id(), e.ExecutorID.Value) == nil {
			total = total.plus(newResources(e.Resources))
		}
	}
	if !acc.left.contains(total) {
		return refusef("Total resources %s required by task and its executor is more than available %s",
			total, acc.left)
	}
	return nil
}
