package replay_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
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
		Trace: "06-agent-restart-not-resubscribing*", Note: "framework SUBSCRIBE", Field: "record 5",
		Reason: "an update that is there when the agent re-registers comes twice; whether TASK_GONE is, is a race here and took a second there",
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

// ignoredNotes are the beginnings of notes that nothing is done about. A note
// that is neither here nor done is an error.
var ignoredNotes = []struct{ prefix, reason string }{
	{"---", "a heading"},
	{"still alive", "the executor says that it lives; that it is killed in the end is compared"},
	{"executor ignores SHUTDOWN", "so does ours"},
	{"the SUBSCRIBE stream ended", "the stream's end itself is compared"},
	{"SUBSCRIBE accepted; polling UPDATE", "the answers themselves are compared"},
	{"UPDATE accepted", "the answers themselves are compared"},
	{"task is TASK_STAGING", "a remark"},
	{"the executor closes its SUBSCRIBE connection", "the stream's end shows it"},
	{"the terminal update is not acknowledged", "a remark"},
	{"the scheduler acknowledges", "the calls themselves are played"},
	{"comparison: ", "made of two messages that are compared themselves"},
	{"probe: ", "how long a starting agent refuses, answers 404 and 503 is timing; the agent's own tests have the answers"},
	{"executor bind mounts", "would leave mounts on the machine; package contain's tests do it"},
	{"executor started: sleep 7001", "package contain's tests do it"},
	{"executor's mountinfo", "the recording machine's mounts"},
	{"host mountinfo", "the recording machine's mounts"},
	{"host view", "package contain's tests do it"},
	{"the host mounts a tmpfs", "would leave mounts on the machine; package contain's tests do it"},
}

func ignored(e replay.Entry) error {
	for _, n := range ignoredNotes {
		if strings.HasPrefix(e.Note, n.prefix) {
			return nil
		}
	}
	return fmt.Errorf("nothing is known about this note of %s", e.Actor)
}

// Every line of the lists is about something that was recorded, and says why.
func TestTheListsAreAboutRecordings(t *testing.T) {
	var traces []*replay.Trace
	for _, name := range all(t) {
		if strings.HasPrefix(name, "executor/") {
			traces = append(traces, load(t, name))
		}
	}
	seen := func(glob, part string) bool {
		for _, tr := range traces {
			ok, err := path.Match(glob, tr.Name)
			if err != nil {
				t.Fatal(err)
			}
			if ok && slices.ContainsFunc(tr.Entries, func(e replay.Entry) bool { return strings.Contains(e.Note, part) }) {
				return true
			}
		}
		return false
	}
	for _, x := range exceptions {
		if !seen(x.Trace, x.Note) || x.Reason == "" {
			t.Errorf("exception %+v is about nothing or has no reason", x)
		}
	}
	for _, m := range moves {
		if !seen(m.Trace, m.Note) || m.Reason == "" || m.By <= 0 {
			t.Errorf("move %+v is about nothing or has no reason", m)
		}
	}
	for _, n := range ignoredNotes {
		if !seen("*", n.prefix) || n.reason == "" {
			t.Errorf("ignored note %q is about nothing or has no reason", n.prefix)
		}
	}
}
