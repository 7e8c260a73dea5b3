// Package flockertest is a Flocker cluster for tests and for the minicluster: a
// control service that answers like a recorded Flocker 1.15.0, and node agents
// that move real filesystems about as the real ones do, faults included.
//
//	var s flockertest.Service          // the zero value is ready
//	if err := s.Start(); err != nil {…}
//	defer s.Close()
//	client := … s.URL() …
//
// A Service without further settings listens on loopback and has two nodes whose
// datasets exist only in memory. Real nodes are Agents: each may live in a process
// and a mount namespace of its own and finds its Service through AgentURL.
//
//	REST client ──HTTP(S)──▶ Service ──pushes: what this node shall have──▶ Agent
//	                            ▲                                            │
//	                            └────reports: what this node has─────────────┘
//
// What looks wrong here is mostly copied from the real thing on purpose: answers
// in four shapes, state that lags behind, a control service that has forgotten
// everything for a second after a restart, and loop devices that are detached
// while somebody still writes to them.
//
// When a test hangs, look at Service.Entries for what was asked, at
// Service.States for what the agents reported, and at Backing for which image
// file is behind which loop device.
package flockertest
