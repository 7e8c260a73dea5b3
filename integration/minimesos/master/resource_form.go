package master

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// unreserved is the role of resources that belong to nobody.
const unreserved = "*"

// upgrade brings resources into the form with a list of reservations and
// without role and reservation (src/common/resources_utils.cpp); the master
// and the agents use only that one.
func upgrade(list []mesos.Resource) []mesos.Resource {
	upgraded := slices.Clone(list)
	for i := range upgraded {
		x := &upgraded[i]
		if len(x.Reservations) == 0 && x.GetRole() != unreserved {
			x.Reservations = []mesos.Resource_ReservationInfo{reservationOf(x)}
		}
		x.Role, x.Reservation = nil, nil
	}
	return upgraded
}

func reservationOf(x *mesos.Resource) mesos.Resource_ReservationInfo {
	role := x.GetRole()
	r := mesos.Resource_ReservationInfo{Type: mesos.Resource_ReservationInfo_STATIC.Enum(), Role: &role}
	if x.Reservation != nil {
		r.Type = mesos.Resource_ReservationInfo_DYNAMIC.Enum()
		r.Principal, r.Labels = x.Reservation.Principal, x.Reservation.Labels
	}
	return r
}

// downgrade is what frameworks without RESERVATION_REFINEMENT see.
func downgrade(list []mesos.Resource) []mesos.Resource {
	downgraded := slices.Clone(list)
	for i := range downgraded {
		x := &downgraded[i]
		role := unreserved
		if n := len(x.Reservations); n > 0 {
			last := x.Reservations[n-1]
			role = last.GetRole()
			if last.GetType() == mesos.Resource_ReservationInfo_DYNAMIC {
				x.Reservation = &mesos.Resource_ReservationInfo{Principal: last.Principal, Labels: last.Labels}
			}
		}
		x.Role, x.Reservations = &role, nil
	}
	return downgraded
}

// allocate marks those that are not allocated yet as allocated to role.
func allocate(list []mesos.Resource, role string) []mesos.Resource {
	allocated := slices.Clone(list)
	for i := range allocated {
		if allocated[i].AllocationInfo == nil {
			allocated[i].AllocationInfo = &mesos.Resource_AllocationInfo{Role: &role}
		}
	}
	return allocated
}

func unallocate(list []mesos.Resource) []mesos.Resource {
	free := slices.Clone(list)
	for i := range free {
		free[i].AllocationInfo = nil
	}
	return free
}

// availableTo picks what is not reserved for somebody else: a role may use
// what is reserved for itself or for a role above it.
func (r resources) availableTo(role string) resources {
	var list resources
	for i := range r {
		n := len(r[i].Reservations)
		if n == 0 || isWithin(role, r[i].Reservations[n-1].GetRole()) {
			list = append(list, r[i])
		}
	}
	return list
}

func isWithin(role, above string) bool {
	return role == above || len(role) > len(above) && role[:len(above)+1] == above+"/"
}

// offerOrder puts ports before the scalars, as in every recorded offer.
func (r resources) offerOrder() resources {
	ordered := slices.Clone(r)
	slices.SortStableFunc(ordered, func(a, b mesos.Resource) int { return rank(&a) - rank(&b) })
	return ordered
}

func rank(x *mesos.Resource) int {
	if x.Scalar != nil {
		return 1
	}
	return 0
}
