package replay_test

import "github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"

// exceptions is the whole list of what the recorded executor traces show and
// minimesos does not, or cannot be asked to show here.
var exceptions = []replay.Exception{
	{
		Trace:  "12-environment-program-from-path",
		Reason: "the recorded program lies in /usr/local/bin of the node, where a test must not put one",
	},
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
}
