package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// validateExecutor is what LAUNCH and LAUNCH_GROUP ask of an executor
// (validation.cpp, executor::validate).
func validateExecutor(acc *acceptance, e *mesos.ExecutorInfo) error {
	return firstError(
		func() error { return validateExecutorType(e) },
		func() error { return validateID(e.ExecutorID.Value) },
		func() error {
			if e.GetShutdownGracePeriod().GetNanoseconds() < 0 {
				return refusef("ExecutorInfo's 'shutdown_grace_period' must be non-negative")
			}
			return nil
		},
		func() error { return wrap("Executor's `CommandInfo` is invalid", validateCommand(e.Command)) },
		func() error { return wrap("Executor's `ContainerInfo` is invalid", validateContainer(e.Container)) },
		func() error { return validateExecutorFramework(acc.framework, e) },
		func() error {
			return firstError(
				func() error { return wrap("Executor uses invalid resources", validateGPUs(e.Resources)) },
				func() error { return wrap("Invalid executor resources", validateSingleRole(e.Resources)) },
			)
		},
		func() error { return validateCompatible(acc, e) },
	)
}

// validateExecutorType lets UNKNOWN pass: mesos-go's ExecutorInfo does not
// tell it from an absent type, which is allowed.
func validateExecutorType(e *mesos.ExecutorInfo) error {
	switch e.Type {
	case mesos.ExecutorInfo_DEFAULT:
		if e.Command != nil {
			return refusef("'ExecutorInfo.command' must not be set for 'DEFAULT' executor")
		}
		if e.Container != nil && e.Container.GetType() != mesos.ContainerInfo_MESOS {
			return refusef("'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor")
		}
		if e.GetContainer().GetMesos().GetImage() != nil {
			return refusef("'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor")
		}
	case mesos.ExecutorInfo_CUSTOM:
		if e.Command == nil {
			return refusef("'ExecutorInfo.command' must be set for 'CUSTOM' executor")
		}
	}
	return nil
}

func validateExecutorFramework(f *framework, e *mesos.ExecutorInfo) error {
	if e.FrameworkID == nil {
		return refusef("'ExecutorInfo.framework_id' must be set")
	}
	if e.FrameworkID.Value != f.id() {
		return refusef("ExecutorInfo has an invalid FrameworkID (Actual: %s vs Expected: %s)",
			e.FrameworkID.Value, f.id())
	}
	return nil
}

// validateCompatible compares with the live executor of the same id.
func validateCompatible(acc *acceptance, e *mesos.ExecutorInfo) error {
	live := acc.agent.executor(acc.framework.id(), e.ExecutorID.Value)
	if live == nil || sameExecutor(live.info, e) {
		return nil
	}
	const line = "------------------------------------------------------------\n"
	return refusef("ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n"+
		line+"Existing ExecutorInfo:\n%s\n"+line+"ExecutorInfo:\n%s\n"+line, debugText(live.info), debugText(e))
}

// sameExecutor compares all but labels and shutdown_grace_period
// (src/common/type_utils.cpp); the order of resources does not matter.
func sameExecutor(a, b *mesos.ExecutorInfo) bool {
	if !newResources(a.Resources).equal(newResources(b.Resources)) {
		return false
	}
	x, y := *a, *b
	x.Labels, x.ShutdownGracePeriod, x.Resources = nil, nil, nil
	y.Labels, y.ShutdownGracePeriod, y.Resources = nil, nil, nil
	return x.Equal(&y)
}

// validateLaunchExecutor adds what only LAUNCH asks for. Less than 0.01 cpus or
// 32 MB of memory is fine there.
func validateLaunchExecutor(acc *acceptance, e *mesos.ExecutorInfo) error {
	if err := validateExecutor(acc, e); err != nil {
		return err
	}
	if e.Type == mesos.ExecutorInfo_DEFAULT {
		return refusef("'ExecutorInfo.type' must be 'CUSTOM'")
	}
	if e.Command == nil {
		return refusef("'ExecutorInfo.command' must be set")
	}
	for i := range e.Resources {
		if e.Resources[i].Shared != nil {
			return refusef("Executor resources %s should not contain any shared resources", resources(e.Resources))
		}
	}
	return validateExecutorCgroups(e)
}

func validateExecutorCgroups(e *mesos.ExecutorInfo) error {
	if linux := e.GetContainer().GetLinuxInfo(); linux != nil && linux.ShareCgroups != nil && *linux.ShareCgroups {
		return refusef("The 'share_cgroups' field cannot be set to 'true' on executor containers")
	}
	return nil
}
