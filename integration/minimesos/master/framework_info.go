package master

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// admit decides about a subscription (master.cpp, subscribe; the order of the
// checks is Mesos').
func (s *state) admit(info *mesos.FrameworkInfo, suppressed []string) error {
	if err := validateFrameworkInfo(info); err != nil {
		return err
	}
	if s.isCompleted(info.GetID().GetValue()) {
		return refusef("Framework has been removed")
	}
	if err := validateSuppressed(info, suppressed); err != nil {
		return err
	}
	known := s.framework(info.GetID().GetValue())
	if known != nil && !samePrincipal(known.info, info) {
		return refusef("Changing framework's principal is not allowed.")
	}
	return nil
}

func validateFrameworkInfo(info *mesos.FrameworkInfo) error {
	return firstError(
		func() error { return validateRoles(info) },
		func() error {
			if id := info.GetID().GetValue(); id != "" {
				return validateID(id)
			}
			return nil
		},
		func() error { return validateFailoverTimeout(info.GetFailoverTimeout()) },
	)
}

func validateRoles(info *mesos.FrameworkInfo) error {
	if !hasCapability(info, mesos.FrameworkInfo_Capability_MULTI_ROLE) {
		if len(info.Roles) > 0 {
			return refusef("'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable")
		}
		if err := validateRole(info.GetRole()); err != nil {
			return refusef("'FrameworkInfo.role' is not a valid role: %v", err)
		}
		return nil
	}
	if info.Role != nil {
		return refusef("'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable")
	}
	if twice := duplicates(info.Roles); len(twice) > 0 {
		return refusef("'FrameworkInfo.roles' contains duplicate items: { %s }", strings.Join(twice, ", "))
	}
	for _, role := range info.Roles {
		if err := validateRole(role); err != nil {
			return refusef("'FrameworkInfo.roles' contains invalid role: %v", err)
		}
	}
	return nil
}

func duplicates(items []string) []string {
	var twice []string
	for i, item := range items {
		if slices.Contains(items[:i], item) && !slices.Contains(twice, item) {
			twice = append(twice, item)
		}
	}
	sort.Strings(twice)
	return twice
}

// validateFailoverTimeout refuses what does not fit in a stout Duration, which
// counts nanoseconds in 64 bits. Negative ones are fine.
func validateFailoverTimeout(seconds float64) error {
	if math.IsNaN(seconds) || math.Abs(seconds)*1e9 >= math.MaxInt64 {
		return refusef("The framework failover_timeout (%s) is invalid",
			strconv.FormatFloat(seconds, 'g', -1, 64))
	}
	return nil
}

func validateSuppressed(info *mesos.FrameworkInfo, suppressed []string) error {
	var foreign []string
	for _, role := range suppressed {
		if !slices.Contains(rolesOf(info), role) {
			foreign = append(foreign, role)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	return refusef("Suppressed roles { %s } are not contained in the set of roles", strings.Join(foreign, ", "))
}

func samePrincipal(a, b *mesos.FrameworkInfo) bool {
	return (a.Principal == nil) == (b.Principal == nil) && a.GetPrincipal() == b.GetPrincipal()
}

// takeInfo replaces what is known of a framework; user and checkpoint never
// change, whatever a later subscription says.
func (s *state) takeInfo(f *framework, info *mesos.FrameworkInfo, suppressed []string) {
	id := f.info.ID
	user, checkpoint := f.info.User, f.info.Checkpoint
	f.info = info
	f.info.ID, f.info.User, f.info.Checkpoint = id, user, checkpoint
	f.suppressed = map[string]bool{}
	for _, role := range suppressed {
		f.suppressed[role] = true
	}
}

// updateFramework is the UPDATE_FRAMEWORK call.
func (s *state) updateFramework(f *framework, call *scheduler.Call_UpdateFramework) error {
	info := &call.FrameworkInfo
	if err := validateFrameworkInfo(info); err != nil {
		return wire.BadRequest("Supplied FrameworkInfo is not valid: %v", err)
	}
	if err := validateInfoUpdate(f.info, info); err != nil {
		return wire.BadRequest("FrameworkInfo update is not valid: %v", err)
	}
	if err := validateSuppressed(info, call.SuppressedRoles); err != nil {
		return wire.BadRequest("'UpdateFramework' call is not valid: %v", err)
	}
	s.takeInfo(f, info, call.SuppressedRoles)
	s.updateFrameworkOnAgents(f)
	return nil
}

func validateInfoUpdate(old, next *mesos.FrameworkInfo) error {
	if !samePrincipal(old, next) {
		return refusef("Changing framework's principal is not allowed.")
	}
	if old.User != next.User {
		return refusef("Updating 'FrameworkInfo.user' is unsupported; attempted to update from '%s' to '%s'",
			old.User, next.User)
	}
	if old.GetCheckpoint() != next.GetCheckpoint() {
		return refusef("Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from '%t' to '%t'",
			old.GetCheckpoint(), next.GetCheckpoint())
	}
	return nil
}
