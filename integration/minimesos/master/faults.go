package master

import (
	"context"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// faults is what tests asked to go wrong.
type faults struct {
	refuseStatus         int
	refuseUntil          time.Time
	refuseAgentsUntil    time.Time
	lostAcknowledgements int
	acknowledgementDelay time.Duration
	offersPaused         bool
}

func (f *faults) takeAcknowledgement() bool {
	if f.lostAcknowledgements == 0 {
		return false
	}
	f.lostAcknowledgements--
	return true
}

func (m *Master) refusedByFault(ctx context.Context) error {
	var refusal error
	err := m.do(ctx, func(s *state) {
		if s.clock.now().Before(s.faults.refuseUntil) {
			refusal = &wire.Problem{Status: s.faults.refuseStatus, Text: "refused by a test"}
		}
	})
	if err != nil {
		return err
	}
	return refusal
}

func (m *Master) agentRefusedByFault(ctx context.Context) error {
	var refusal error
	err := m.do(ctx, func(s *state) {
		if s.clock.now().Before(s.faults.refuseAgentsUntil) {
			refusal = wire.ServiceUnavailable("refused by a test")
		}
	})
	if err != nil {
		return err
	}
	return refusal
}
