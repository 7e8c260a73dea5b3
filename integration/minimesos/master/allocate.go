package master

import (
	"cmp"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

// Less than this on an agent is not worth an offer (src/master/constants.hpp).
const (
	minCPUs  = 0.01
	minMemMB = 32
)

func (s *state) allocationRound() {
	s.clock.after(s.cfg.AllocationInterval, s.allocationRound)
	if !s.faults.offersPaused {
		s.allocate()
	}
}

// allocate offers what is free. All of an agent's free resources go to one
// role of one framework: the one with the smallest share, then the one that
// was chosen least often, then by name (hierarchical allocator, DRF sorter).
func (s *state) allocate() {
	made := map[*framework][]mesos.Offer{}
	for _, a := range s.agents {
		for {
			f, o := s.allocateOn(a)
			if o == nil {
				break
			}
			made[f] = append(made[f], *f.visible(o))
		}
	}
	for _, f := range s.frameworks {
		if offers := made[f]; len(offers) > 0 {
			f.send(&scheduler.Event{
				Type:   scheduler.Event_OFFERS,
				Offers: &scheduler.Event_Offers{Offers: offers},
			})
		}
	}
}

// allocateOn makes one offer of an agent's free resources; nil when nobody
// wants what is left.
func (s *state) allocateOn(a *agent) (*framework, *offer) {
	free := s.free(a)
	for _, c := range s.candidates() {
		share := free.availableTo(c.role)
		if !worthOffering(share) || !s.wants(c.framework, c.role, a, share) {
			continue
		}
		s.roles[c.role]++
		c.framework.chosen[c.role]++
		return c.framework, s.makeOffer(c.framework, c.role, a, share)
	}
	return nil, nil
}

func worthOffering(r resources) bool {
	cpus, _ := r.scalar("cpus")
	mem, _ := r.scalar("mem")
	return cpus >= minCPUs || mem >= minMemMB
}

// free is what no live task or executor uses and no offer holds. A
// disconnected agent has nothing to give.
func (s *state) free(a *agent) resources {
	if a.stream == nil {
		return nil
	}
	free := a.total
	for _, t := range a.tasks {
		if t.usesResources() {
			free = free.minus(newResources(unallocate(t.Resources)))
		}
	}
	for _, e := range a.executors {
		free = free.minus(newResources(unallocate(e.info.Resources)))
	}
	for _, o := range s.offers {
		if o.agent == a {
			free = free.minus(newResources(unallocate(o.resources)))
		}
	}
	return free
}

// candidate is a role of a framework that may be offered something.
type candidate struct {
	framework *framework
	role      string
	order     int
}

func (s *state) candidates() []candidate {
	var all []candidate
	for i, f := range s.frameworks {
		if !f.active {
			continue
		}
		for _, role := range f.roles() {
			if !f.suppressed[role] {
				all = append(all, candidate{framework: f, role: role, order: i})
			}
		}
	}
	roleShare := map[string]float64{}
	for _, c := range all {
		roleShare[c.role] = s.dominantShare(func(_ *framework, role string) bool { return role == c.role })
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(roleShare[a.role], roleShare[b.role]),
			cmp.Compare(s.roles[a.role], s.roles[b.role]),
			cmp.Compare(a.role, b.role),
			cmp.Compare(s.frameworkShare(a), s.frameworkShare(b)),
			cmp.Compare(a.framework.chosen[a.role], b.framework.chosen[b.role]),
			cmp.Compare(a.order, b.order),
		)
	})
	return all
}

func (s *state) frameworkShare(c candidate) float64 {
	return s.dominantShare(func(f *framework, role string) bool {
		return f == c.framework && role == c.role
	})
}

// dominantShare is the largest part of any scalar in the cluster that the
// chosen ones use or have on offer.
func (s *state) dominantShare(chosen func(*framework, string) bool) float64 {
	used, total := map[string]float64{}, map[string]float64{}
	for _, a := range s.agents {
		sum(total, a.total)
		for _, t := range a.tasks {
			if t.usesResources() {
				sumChosen(used, t.framework, t.Resources, chosen)
			}
		}
		for _, e := range a.executors {
			sumChosen(used, e.framework, e.info.Resources, chosen)
		}
	}
	for _, o := range s.offers {
		sumChosen(used, o.framework, o.resources, chosen)
	}
	share := 0.0
	for name, n := range used {
		if total[name] > 0 {
			share = max(share, n/total[name])
		}
	}
	return share
}

func sum(into map[string]float64, list []mesos.Resource) {
	for i := range list {
		if list[i].Scalar != nil {
			into[list[i].Name] += list[i].Scalar.Value
		}
	}
}

func sumChosen(into map[string]float64, f *framework, list []mesos.Resource, chosen func(*framework, string) bool) {
	for i := range list {
		if chosen(f, list[i].GetAllocationInfo().GetRole()) {
			sum(into, list[i:i+1])
		}
	}
}
