package master

import (
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

// filter is a refusal: this framework does not want these resources, or fewer,
// of this agent for this role.
type filter struct {
	agent   *agent
	role    string
	refused resources
	until   time.Time
}

const defaultRefuseSeconds = 5

// filter refuses resources for refuse_seconds, at least until the next round
// of offers; 0 seconds refuse nothing, nonsense counts as the default.
func (s *state) filter(f *framework, role string, a *agent, refused resources, filters *mesos.Filters) {
	if filters == nil || filters.GetRefuseSeconds() == 0 {
		return
	}
	seconds := filters.GetRefuseSeconds()
	if !(seconds > 0) {
		seconds = defaultRefuseSeconds
	}
	const year = 365 * 24 * 3600
	d := time.Duration(min(seconds, year) * float64(time.Second))
	f.filters = append(f.filters, &filter{
		agent:   a,
		role:    role,
		refused: newResources(unallocate(refused)),
		until:   s.clock.now().Add(max(d, s.cfg.AllocationInterval)),
	})
}

// wants reports whether no filter of the framework covers the resources.
func (s *state) wants(f *framework, role string, a *agent, share resources) bool {
	now := s.clock.now()
	f.filters = slices.DeleteFunc(f.filters, func(x *filter) bool { return !now.Before(x.until) })
	return !slices.ContainsFunc(f.filters, func(x *filter) bool {
		return x.agent == a && x.role == role && x.refused.contains(share)
	})
}

func (s *state) decline(call *scheduler.Call_Decline) {
	filters := call.Filters
	if filters == nil {
		filters = &mesos.Filters{}
	}
	for _, id := range call.OfferIDs {
		if o := s.offers[id.Value]; o != nil {
			s.discardOffer(o, filters)
		}
	}
}

// revive lifts suppression and filters of the named roles, or of all, and
// offers at once. One unknown role spoils the call.
func (s *state) revive(f *framework, call *scheduler.Call_Revive) {
	roles, ok := f.rolesNamed(call.GetRoles())
	if !ok {
		return
	}
	for _, role := range roles {
		delete(f.suppressed, role)
	}
	f.filters = slices.DeleteFunc(f.filters, func(x *filter) bool { return slices.Contains(roles, x.role) })
	s.allocate()
}

func (s *state) suppress(f *framework, call *scheduler.Call_Suppress) {
	roles, ok := f.rolesNamed(call.GetRoles())
	if !ok {
		return
	}
	for _, role := range roles {
		f.suppressed[role] = true
	}
}

func (f *framework) rolesNamed(roles []string) ([]string, bool) {
	if len(roles) == 0 {
		return f.roles(), true
	}
	for _, role := range roles {
		if !slices.Contains(f.roles(), role) {
			return nil, false
		}
	}
	return roles, true
}
