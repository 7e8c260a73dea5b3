package master

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

// validateCall looks at the shape of a call alone (src/master/validation.cpp,
// scheduler::call::validate). hasType tells an absent type from UNKNOWN.
func validateCall(c *scheduler.Call, hasType bool) error {
	switch {
	case !hasType:
		return refusef("Expecting 'type' to be present")
	case c.Type == scheduler.Call_SUBSCRIBE:
		return validateSubscribe(c)
	case c.FrameworkID == nil:
		return refusef("Expecting 'framework_id' to be present")
	}
	if name, present := bodyOf(c); !present {
		return refusef("Expecting '%s' to be present", name)
	}
	if c.Type == scheduler.Call_ACKNOWLEDGE {
		return validateUUID(c.Acknowledge.UUID)
	}
	if c.Type == scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS {
		return validateUUID(c.AcknowledgeOperationStatus.UUID)
	}
	if c.Type == scheduler.Call_UPDATE_FRAMEWORK {
		return sameFramework(c, &c.UpdateFramework.FrameworkInfo, "update_framework")
	}
	return nil
}

func validateSubscribe(c *scheduler.Call) error {
	if c.Subscribe == nil {
		return refusef("Expecting 'subscribe' to be present")
	}
	return sameFramework(c, c.Subscribe.FrameworkInfo, "subscribe")
}

func sameFramework(c *scheduler.Call, info *mesos.FrameworkInfo, field string) error {
	if c.GetFrameworkID().GetValue() != info.GetID().GetValue() {
		return refusef("'framework_id' differs from '%s.framework_info.id'", field)
	}
	return nil
}

// bodyOf names the message that a call of this type must carry and says
// whether it does.
func bodyOf(c *scheduler.Call) (string, bool) {
	switch c.Type {
	case scheduler.Call_ACCEPT:
		return "accept", c.Accept != nil
	case scheduler.Call_DECLINE:
		return "decline", c.Decline != nil
	case scheduler.Call_ACCEPT_INVERSE_OFFERS:
		return "accept_inverse_offers", c.AcceptInverseOffers != nil
	case scheduler.Call_DECLINE_INVERSE_OFFERS:
		return "decline_inverse_offers", c.DeclineInverseOffers != nil
	case scheduler.Call_KILL:
		return "kill", c.Kill != nil
	case scheduler.Call_SHUTDOWN:
		return "shutdown", c.Shutdown != nil
	case scheduler.Call_ACKNOWLEDGE:
		return "acknowledge", c.Acknowledge != nil
	case scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS:
		return "acknowledge_operation_status", c.AcknowledgeOperationStatus != nil
	case scheduler.Call_RECONCILE:
		return "reconcile", c.Reconcile != nil
	case scheduler.Call_RECONCILE_OPERATIONS:
		return "reconcile_operations", c.ReconcileOperations != nil
	case scheduler.Call_MESSAGE:
		return "message", c.Message != nil
	case scheduler.Call_REQUEST:
		return "request", c.Request != nil
	case scheduler.Call_UPDATE_FRAMEWORK:
		return "update_framework", c.UpdateFramework != nil
	default:
		return "", true
	}
}

// validateUUID accepts what Mesos' bundled Boost does: 16 bytes, version 1–5
// (recorded: traces/executor, 04-errors).
func validateUUID(b []byte) error {
	const versionByte = 6
	if len(b) != 16 || b[versionByte]>>4 < 1 || b[versionByte]>>4 > 5 {
		return refusef("Not a valid UUID")
	}
	return nil
}
