package master

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// pongPatience is how long Advance and Settle let agents answer a ping, in real time.
const pongPatience = 10 * time.Second

// Advance moves the master's clock: heartbeats, filters, pings and failover
// timeouts that fall due happen at once, in order. It goes in steps that give
// connected agents the time to answer their pings, however slow the machine is;
// one that stays connected and does not answer is an error.
func (m *Master) Advance(ctx context.Context, d time.Duration) error {
	for d > 0 {
		step := min(d, max(m.cfg.AgentPingTimeout/2, time.Millisecond))
		if err := m.do(ctx, func(s *state) { s.clock.advance(step) }); err != nil {
			return err
		}
		if err := m.awaitPongs(ctx); err != nil {
			return fmt.Errorf("advance the master's clock: %w", err)
		}
		d -= step
	}
	return nil
}

// Settle returns when every connected agent has done what it was told, and what
// it said until then has arrived: both go in order, and so do a ping and its
// answer.
func (m *Master) Settle(ctx context.Context) error {
	err := m.do(ctx, func(s *state) {
		for _, a := range s.connected() {
			s.pingAgent(a)
		}
	})
	if err != nil {
		return err
	}
	return m.awaitPongs(ctx)
}

// awaitPongs waits for the answers to pings that went to where the agent still
// is: those sent to a stream that broke are lost.
func (m *Master) awaitPongs(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pongPatience)
	defer cancel()
	err := m.wait(ctx, func(s *state) bool {
		return !slices.ContainsFunc(s.connected(), func(a *agent) bool { return a.unanswered > 0 })
	})
	if err != nil {
		return fmt.Errorf("wait for agents to answer pings: %w", err)
	}
	return nil
}

// PauseOffers stops the periodic rounds of offers, or lets them go on. Those
// that follow a SUBSCRIBE, a REVIVE or a new agent are made all the same.
func (m *Master) PauseOffers(ctx context.Context, paused bool) error {
	return m.do(ctx, func(s *state) { s.faults.offersPaused = paused })
}

// Allocate makes a round of offers now instead of at the next interval.
func (m *Master) Allocate(ctx context.Context) error {
	return m.do(ctx, func(s *state) { s.allocate() })
}

// DropStream breaks the connection of a framework's event stream, without the
// final chunk of an orderly end. Unknown frameworks are ignored.
func (m *Master) DropStream(ctx context.Context, frameworkID string) error {
	return m.do(ctx, func(s *state) {
		if f := s.framework(frameworkID); f != nil && f.stream != nil {
			f.stream.drop()
		}
	})
}

// DropAgent breaks the connection of an agent, which will try to come back.
func (m *Master) DropAgent(ctx context.Context, agentID string) error {
	return m.do(ctx, func(s *state) {
		if a := s.agent(agentID); a != nil && a.stream != nil {
			a.stream.drop()
		}
	})
}

// RefuseCalls answers every scheduler call with a status for a while.
func (m *Master) RefuseCalls(ctx context.Context, status int, d time.Duration) error {
	return m.do(ctx, func(s *state) {
		s.faults.refuseStatus, s.faults.refuseUntil = status, s.clock.now().Add(d)
	})
}

// RefuseAgents answers every registration with 503 for a while.
func (m *Master) RefuseAgents(ctx context.Context, d time.Duration) error {
	return m.do(ctx, func(s *state) { s.faults.refuseAgentsUntil = s.clock.now().Add(d) })
}

// LoseAcknowledgements answers the next n ACKNOWLEDGE calls with 202 and
// forgets them; agents repeat the updates.
func (m *Master) LoseAcknowledgements(ctx context.Context, n int) error {
	return m.do(ctx, func(s *state) { s.faults.lostAcknowledgements = n })
}

// DelayAcknowledgements keeps each ACKNOWLEDGE for d before the agent gets it;
// 0 ends that.
func (m *Master) DelayAcknowledgements(ctx context.Context, d time.Duration) error {
	return m.do(ctx, func(s *state) { s.faults.acknowledgementDelay = d })
}
