package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// validateOperationResources checks every resource of an operation's tasks and
// executors on its own. One bad resource spoils the operation.
func validateOperationResources(op *mesos.Offer_Operation) error {
	var lists [][]mesos.Resource
	if op.Type == mesos.Offer_Operation_LAUNCH_GROUP && op.LaunchGroup != nil {
		lists = append(lists, op.LaunchGroup.Executor.Resources)
	}
	for _, t := range tasksOf(op) {
		lists = append(lists, t.Resources)
		if t.Executor != nil {
			lists = append(lists, t.Executor.Resources)
		}
	}
	for _, list := range lists {
		if err := validateResourceList(list); err != nil {
			return err
		}
	}
	return nil
}

func validateResourceList(list []mesos.Resource) error {
	for i := range list {
		if err := validateResource(&list[i]); err != nil {
			return refusef("Resource '%s' is invalid: %v", resourceText(&list[i]), err)
		}
	}
	return nil
}

// validateResource is Resources::validate (src/common/resources.cpp) without
// the rules for disks and refined reservations.
func validateResource(x *mesos.Resource) error {
	if x.Name == "" {
		return refusef("Empty resource name")
	}
	if err := validateValue(x); err != nil {
		return err
	}
	for i := range x.Reservations {
		if err := validateReservation(&x.Reservations[i]); err != nil {
			return err
		}
	}
	if len(x.Reservations) > 0 {
		return nil
	}
	if err := validateRole(x.GetRole()); err != nil {
		return err
	}
	if x.Reservation != nil && x.GetRole() == unreserved {
		return refusef(`Invalid reservation: role "*" cannot be dynamically reserved`)
	}
	return nil
}

func validateReservation(r *mesos.Resource_ReservationInfo) error {
	switch {
	case r.Type == nil:
		return refusef("Invalid reservation: 'Resource.ReservationInfo.type' field must be set.")
	case r.Role == nil:
		return refusef("Invalid reservation: 'Resource.ReservationInfo.role' field must be set.")
	case r.GetRole() == unreserved:
		return refusef(`Invalid reservation: role "*" cannot be reserved`)
	}
	return validateRole(r.GetRole())
}

func validateValue(x *mesos.Resource) error {
	switch x.GetType() {
	case mesos.SCALAR:
		return validateScalar(x)
	case mesos.RANGES:
		return validateRanges(x)
	case mesos.SET:
		return validateSet(x)
	default:
		return refusef("Unsupported resource type")
	}
}

// validateScalar accepts zero, but nothing that is rounded to zero.
func validateScalar(x *mesos.Resource) error {
	if x.Scalar == nil || x.Ranges != nil || x.Set != nil {
		return refusef("Invalid scalar resource")
	}
	if x.Scalar.Value != 0 && round(x.Scalar.Value) <= 0 {
		return refusef("Invalid scalar resource: value <= 0")
	}
	return nil
}

func validateRanges(x *mesos.Resource) error {
	if x.Ranges == nil || x.Scalar != nil || x.Set != nil {
		return refusef("Invalid ranges resource")
	}
	for i, r := range x.Ranges.Range {
		if r.Begin > r.End {
			return refusef("Invalid ranges resource: begin > end")
		}
		for _, o := range x.Ranges.Range[i+1:] {
			if r.Begin <= o.Begin && o.Begin <= r.End {
				return refusef("Invalid ranges resource: overlapping ranges")
			}
		}
	}
	return nil
}

func validateSet(x *mesos.Resource) error {
	if x.Set == nil || x.Scalar != nil || x.Ranges != nil {
		return refusef("Invalid set resource")
	}
	if len(duplicates(x.Set.Item)) > 0 {
		return refusef("Invalid set resource: duplicated elements")
	}
	return nil
}

// validateSingleRole checks that all are allocated to one role.
func validateSingleRole(list []mesos.Resource) error {
	for i := range list {
		role, first := list[i].GetAllocationInfo().GetRole(), list[0].GetAllocationInfo().GetRole()
		if role != first {
			return refusef("The resources have multiple allocation roles ('%s' and '%s')"+
				" but only one allocation role is allowed", role, first)
		}
	}
	return nil
}

// overlap reports whether ranges or sets are claimed twice.
func overlap(lists ...[]mesos.Resource) bool {
	var total resources
	parts, whole := map[string]uint64{}, map[string]uint64{}
	for _, list := range lists {
		count(parts, newResources(list))
		total = total.plus(newResources(list))
	}
	count(whole, total)
	for name, n := range parts {
		if whole[name] != n {
			return true
		}
	}
	return false
}

func count(into map[string]uint64, list resources) {
	for i := range list {
		for _, r := range list[i].GetRanges().GetRange() {
			into[list[i].Name] += r.End - r.Begin + 1
		}
		into[list[i].Name] += uint64(len(list[i].GetSet().GetItem()))
	}
}
