package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

// acceptance is one ACCEPT call being worked off.
type acceptance struct {
	framework *framework
	agent     *agent
	role      string
	left      resources // of the offers, not used by an operation yet
}

// accept runs the operations of an ACCEPT in order; what they leave is
// declined with the call's filters. Invalid offers are given up, and every task
// of the call is dropped.
func (s *state) accept(f *framework, call *scheduler.Call_Accept) {
	offers, err := s.checkOffers(f, call.OfferIDs)
	if err != nil {
		s.rejectAccept(f, call, err)
		return
	}
	acc := &acceptance{framework: f, agent: offers[0].agent, role: offers[0].role}
	for _, o := range offers {
		acc.left = acc.left.plus(o.resources)
		s.discardOffer(o, nil)
	}
	for i := range call.Operations {
		s.operate(acc, &call.Operations[i])
	}
	filters := call.Filters
	if filters == nil {
		filters = &mesos.Filters{}
	}
	if len(acc.left) > 0 {
		s.filter(f, acc.role, acc.agent, acc.left, filters)
	}
}

func (s *state) rejectAccept(f *framework, call *scheduler.Call_Accept, cause error) {
	for _, id := range call.OfferIDs {
		if o := s.offers[id.Value]; o != nil {
			s.discardOffer(o, nil)
		}
	}
	for i := range call.Operations {
		s.refuseTasks(f, tasksOf(&call.Operations[i]), f.lostState(mesos.TASK_DROPPED),
			mesos.REASON_INVALID_OFFERS, "Task launched with invalid offers: "+cause.Error())
	}
}

// checkOffers finds the offers of an ACCEPT: distinct, outstanding, made to
// this framework, of one role and one agent (validation.cpp, offer::validate).
func (s *state) checkOffers(f *framework, ids []mesos.OfferID) ([]*offer, error) {
	if len(ids) == 0 {
		return nil, refusef("No offers specified")
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id.Value] {
			return nil, refusef("Duplicate offer %s in offer list", id.Value)
		}
		seen[id.Value] = true
	}
	var offers []*offer
	for _, id := range ids {
		o := s.offers[id.Value]
		if o == nil {
			return nil, refusef("Offer %s is no longer valid", id.Value)
		}
		offers = append(offers, o)
	}
	return offers, agree(f, offers)
}

func agree(f *framework, offers []*offer) error {
	first := offers[0]
	for _, o := range offers {
		if o.framework != f {
			return refusef("Offer %s has invalid framework %s while framework %s is expected",
				o.ID.Value, o.framework.id(), f.id())
		}
	}
	for _, o := range offers {
		if o.role != first.role {
			// The quotes are unbalanced in Mesos, too.
			return refusef("Aggregated offers must be allocated to the same role. Offer %s uses role '%s"+
				" but another is using role '%s", o.ID.Value, o.role, first.role)
		}
	}
	for _, o := range offers {
		if o.agent != first.agent {
			return refusef("Aggregated offers must belong to one single agent. Offer %s uses agent %s and agent %s",
				o.ID.Value, o.agent.id, first.agent.id)
		}
	}
	return nil
}

// tasksOf lists the tasks that an operation would launch.
func tasksOf(op *mesos.Offer_Operation) []mesos.TaskInfo {
	switch {
	case op.Type == mesos.Offer_Operation_LAUNCH && op.Launch != nil:
		return op.Launch.TaskInfos
	case op.Type == mesos.Offer_Operation_LAUNCH_GROUP && op.LaunchGroup != nil:
		return op.LaunchGroup.TaskGroup.Tasks
	}
	return nil
}

// operate runs one operation. Operations on reservations and volumes are not
// part of minimesos: they do nothing.
func (s *state) operate(acc *acceptance, op *mesos.Offer_Operation) {
	reason := mesos.REASON_TASK_INVALID
	if op.Type == mesos.Offer_Operation_LAUNCH_GROUP {
		reason = mesos.REASON_TASK_GROUP_INVALID
	}
	if err := validateOperation(op); err != nil {
		s.refuseTasks(acc.framework, tasksOf(op), mesos.TASK_ERROR, reason, err.Error())
		return
	}
	switch {
	case op.Type == mesos.Offer_Operation_LAUNCH && op.Launch != nil:
		for i := range op.Launch.TaskInfos {
			s.launch(acc, &op.Launch.TaskInfos[i])
		}
	case op.Type == mesos.Offer_Operation_LAUNCH_GROUP && op.LaunchGroup != nil:
		s.launchGroup(acc, op.LaunchGroup)
	}
}

// validateOperation checks what concerns an operation as a whole, before any
// of its tasks.
func validateOperation(op *mesos.Offer_Operation) error {
	if err := validateOperationResources(op); err != nil {
		return err
	}
	if op.ID != nil && len(tasksOf(op)) > 0 {
		return refusef("The `id` field cannot be set on %s operations", op.Type)
	}
	return nil
}
