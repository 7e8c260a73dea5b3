package master

import (
	"net"
	"slices"
	"strconv"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

// makeOffer books an agent's resources for a framework.
func (s *state) makeOffer(f *framework, role string, a *agent, share resources) *offer {
	allocated := newResources(allocate(share, role)).offerOrder()
	path := "/slave(1)"
	o := &mesos.Offer{
		ID:             mesos.OfferID{Value: s.newOfferID()},
		FrameworkID:    *f.info.ID,
		AgentID:        mesos.AgentID{Value: a.id},
		Hostname:       a.info.Hostname,
		URL:            &mesos.URL{Scheme: "http", Address: a.address(), Path: &path},
		Resources:      allocated,
		Attributes:     a.info.Attributes,
		AllocationInfo: &mesos.Resource_AllocationInfo{Role: &role},
	}
	for _, e := range a.executors {
		if e.framework == f {
			o.ExecutorIDs = append(o.ExecutorIDs, e.info.ExecutorID)
		}
	}
	made := &offer{Offer: o, framework: f, agent: a, role: role, resources: allocated}
	s.offers[o.ID.Value] = made
	return made
}

func (a *agent) address() mesos.Address {
	return mesos.Address{Hostname: &a.info.Hostname, IP: &a.ip, Port: a.info.GetPort()}
}

func (a *agent) hostPort() string {
	return net.JoinHostPort(a.ip, strconv.Itoa(int(a.info.GetPort())))
}

// visible is an offer in the form that the framework's capabilities ask for.
func (f *framework) visible(o *offer) *mesos.Offer {
	shown := *o.Offer
	if !f.can(mesos.FrameworkInfo_Capability_MULTI_ROLE) {
		shown.AllocationInfo = nil
		shown.Resources = unallocate(shown.Resources)
	}
	if !f.can(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT) {
		shown.Resources = downgrade(shown.Resources)
	}
	return &shown
}

func (s *state) offersOf(f *framework) []*offer {
	return s.selectOffers(func(o *offer) bool { return o.framework == f })
}

// selectOffers lists offers in the order of their ids.
func (s *state) selectOffers(wanted func(*offer) bool) []*offer {
	var list []*offer
	for _, o := range s.offers {
		if wanted(o) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *offer) int {
		x, y := a.ID.Value, b.ID.Value
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		return slices.Compare([]byte(x), []byte(y))
	})
	return list
}

// discardOffer frees an offer's resources without telling the framework. With
// filters they stay away from it for a while.
func (s *state) discardOffer(o *offer, filters *mesos.Filters) {
	delete(s.offers, o.ID.Value)
	s.filter(o.framework, o.role, o.agent, o.resources, filters)
}

func (s *state) rescindOffer(o *offer) {
	s.discardOffer(o, nil)
	o.framework.send(&scheduler.Event{
		Type:    scheduler.Event_RESCIND,
		Rescind: &scheduler.Event_Rescind{OfferID: o.ID},
	})
}
