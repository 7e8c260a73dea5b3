package master

import "github.com/mesos-flocker/flocker-executor/integration/minimesos/link"

// pingAgent watches an agent for as long as it is registered, connected or not
// (master.cpp, SlaveObserver).
func (s *state) pingAgent(a *agent) {
	s.clock.stop(a.ping)
	a.ponged = false
	if a.stream != nil {
		a.unanswered++
	}
	a.send(&link.Command{Ping: &struct{}{}})
	a.ping = s.clock.after(s.cfg.AgentPingTimeout, func() { s.pingDue(a) })
}

// pong takes an answer; those to pings on an earlier stream may come late.
func (a *agent) pong() {
	a.ponged = true
	a.unanswered = max(0, a.unanswered-1)
}

// pingDue counts answers that did not come; an answer starts the count anew.
func (s *state) pingDue(a *agent) {
	if a.ponged {
		a.timeouts = 0
	} else {
		a.timeouts++
	}
	if a.timeouts >= s.cfg.MaxPingTimeouts {
		s.markUnreachable(a, "health check timed out")
		return
	}
	s.pingAgent(a)
}
