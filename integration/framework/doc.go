// Package framework is a small Mesos framework for trying things and for
// end-to-end tests: it speaks the V1 scheduler API (protobuf) over net/http, to
// the minicluster's master or to a real one, and launches single tasks with a
// custom executor on a node of the caller's choice.
//
// One goroutine owns all state; methods hand it a function and wait. Every
// update is acknowledged when it arrives. A lost stream is subscribed again
// with the same framework id, and all tasks are reconciled then.
package framework
