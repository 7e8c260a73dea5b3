// Package master is a Mesos master small enough to run inside a test. Its V1
// scheduler API answers as Apache Mesos 1.12.0 does, down to the texts of
// refused calls and refused tasks; the recordings that package replay
// keeps are the judge.
//
//	scheduler --HTTP--> scheduler.go --do--> owner goroutine <--do-- link.go <--HTTP-- agent
//	    ^                                     (type state)                               ^
//	    └── stream.go <--------- events ----------┴--------- commands ----> agent_stream.go
//
// One goroutine owns everything a master knows (type state) and every timer.
// HTTP handlers hand it closures and wait for them; it answers by putting
// encoded records into the queue of a stream, which the handler of that stream
// writes out. A stream whose reader is too slow is cut, as a dead connection.
//
// Where to look when a test hangs:
//   - no offers: allocate.go (suppressed, filtered, agent disconnected?)
//   - TASK_ERROR: validate_*.go, in the order in which Mesos checks
//   - TASK_LOST, TASK_UNREACHABLE: lost.go and ping.go
//   - an update arrives again and again: it was not acknowledged, or the
//     acknowledgement did not match (acknowledge.go; the agent repeats)
//
// Agents are separate processes and talk to the master as package link says.
package master
