package replay_test

import (
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

// exceptions is the whole list of what the recorded executor traces show and
// minimesos does not, or cannot be asked to show here.
var exceptions = []replay.Exception{
	{
		Trace: "04-errors-*", Note: "method HEAD", Field: "body",
		Reason: "Mesos sends a body after the head of the answer to HEAD, against RFC 9110; net/http cannot",
	},
	{
		Trace: "04-errors-*", Note: "Content-Encoding: gzip", Field: "",
		Reason: "the compressed body did not survive in the recording; wire's tests cover it",
	},
	{
		Trace: "04-errors-jwt-*", Note: "SUBSCRIBE", Field: "end",
		Reason: "the stream ended because the recorder stopped the agent",
	},
	{
		Trace: "07-executor-exits-*", Note: "SUBSCRIBE", Field: "record 3",
		Reason: "whether ACKNOWLEDGED still arrives before the executor's exit is a race",
	},
	{
		Trace: "06-agent-restart-no-checkpoint-linux-launcher", Note: "poll SUBSCRIBE", Field: "",
		Reason: "the executor is dead by the time of the last poll; that it dies is checked instead",
	},
}

// moves are notes played later, since here nothing takes a second.
var moves = []replay.Move{
	{
		Trace: "06-agent-restart-[jlp]*", Note: "executor process exits", By: time.Second,
		Reason: "the recorded agent told of the exit a second after it had delivered the last update",
	},
}

// treeExceptions are the base names that may differ in trees.
var treeExceptions = []struct{ pattern, reason string }{
	{"stderr", "the fetcher's own words, with its times"},
	{"*.pid", "a number that differs on every run"},
	{"pid", "a number that differs on every run"},
	{"provisioner", "there are no container images"},
	{"resource_provider_registry", "there are no resource providers"},
}
