package agent

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// validateCall finds what is wrong with a call by itself, in Mesos' order and
// words (common/validation.cpp, validateExecutorCall). "" means nothing.
func validateCall(call *wireexec.Call, has func(string) bool) string {
	if !has("type") {
		return "Expecting 'type' to be present"
	}
	switch call.Type {
	case wireexec.Call_SUBSCRIBE:
		if call.Subscribe == nil {
			return "Expecting 'subscribe' to be present"
		}
	case wireexec.Call_UPDATE:
		if call.Update == nil {
			return "Expecting 'update' to be present"
		}
		return validateStatus(call, call.Update.Status)
	case wireexec.Call_MESSAGE:
		if call.Message == nil {
			return "Expecting 'message' to be present"
		}
	}
	return ""
}

func validateStatus(call *wireexec.Call, s mesos.TaskStatus) string {
	from := " from executor " + call.ExecutorID.Value + " of framework " + call.FrameworkID.Value
	switch {
	case s.UUID == nil:
		return "Expecting 'uuid' to be present"
	case !validUUID(s.UUID):
		return "Not a valid UUID"
	case s.ExecutorID != nil && s.ExecutorID.Value != call.ExecutorID.Value:
		return "ExecutorID in Call: " + call.ExecutorID.Value + " does not match ExecutorID in TaskStatus: " + s.ExecutorID.Value
	case s.GetSource() != mesos.SOURCE_EXECUTOR:
		return "Received Call" + from + " with invalid source, expecting 'SOURCE_EXECUTOR'"
	case s.GetState() == mesos.TASK_STAGING:
		return "Received TASK_STAGING" + from + " which is not allowed"
	case s.CheckStatus != nil:
		return validateCheck(s.CheckStatus)
	}
	return ""
}

// validUUID: sixteen bytes whose version is 1 to 5; the variant does not matter
// (recorded: errors).
func validUUID(uuid []byte) bool {
	if len(uuid) != 16 {
		return false
	}
	version := uuid[6] >> 4
	return version >= 1 && version <= 5
}

func validateCheck(c *mesos.CheckStatusInfo) string {
	if c.Type == nil {
		return "CheckStatusInfo must specify 'type'"
	}
	missing := func(field string) string {
		return "Expecting '" + field + "' to be set for " + c.Type.String() + " check's status"
	}
	switch {
	case *c.Type == mesos.CheckInfo_COMMAND && c.Command == nil:
		return missing("command")
	case *c.Type == mesos.CheckInfo_HTTP && c.HTTP == nil:
		return missing("http")
	case *c.Type == mesos.CheckInfo_TCP && c.TCP == nil:
		return missing("tcp")
	case *c.Type == mesos.CheckInfo_UNKNOWN:
		return "'UNKNOWN' is not a valid check's status type"
	}
	return ""
}

// invalidCall is the answer to a call that validateCall objects to.
func invalidCall(objection string) *wire.Problem {
	return wire.BadRequest("Failed to validate Executor::Call: %s", objection)
}
