package master

import "github.com/mesos-flocker/flocker-executor/integration/minimesos/link"

// pingAgent watches an agent for as long as it is registered, connected or not
// (master.cpp, SlaveObserver).
func (s *state) pingAgent(a *agent) {
	a.pinged, a.ponged = a.stream, false
	a.send(&link.Command{Ping: &struct{}{}})
	a.ping = s.clock.after(s.cfg.AgentPingTimeout, func() { s.pingDue(a) })
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
