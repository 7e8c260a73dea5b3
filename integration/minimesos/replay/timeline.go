package replay

import (
	"bytes"
	"sort"
	"strings"
	"time"
)

// A step is one moment of a recording.
type step struct {
	at     time.Duration
	what   what
	entry  int
	record int // of the entry's stream, counting only records that are not skipped
}

type what int

// At equal times the steps of a recording come in this order.
const (
	awaitRecord what = iota
	awaitEnd
	note
	request
	teardown // one that the recording leaves out
)

// timeline orders what an actor did and what it had received by then. An event
// that had arrived before a request may be its cause, so Play waits for it.
func timeline(t *Trace, skip Skip, list []Exception, moves []Move) []step {
	var steps []step
	last := lastPolls(t)
	for i, e := range t.Entries {
		if skips(t, e, list) || isPoll(e) && !last[i] {
			continue
		}
		if e.Request == nil {
			steps = append(steps, step{at: e.At + moved(t, e, moves), what: note, entry: i})
			continue
		}
		steps = append(steps, step{at: e.At, what: request, entry: i})
		steps = append(steps, arrivals(e, i, skip)...)
		if e.End != nil && !allows(t, Diff{Note: e.Note, Where: "end"}, list) {
			steps = append(steps, step{at: max(e.End.At, e.At), what: awaitEnd, entry: i})
		}
		if hiddenTeardown(t, e) {
			steps = append(steps, step{at: teardownAt(t, e), what: teardown, entry: i})
		}
	}
	sort.SliceStable(steps, func(i, j int) bool {
		if steps[i].at != steps[j].at {
			return steps[i].at < steps[j].at
		}
		return steps[i].entry < steps[j].entry
	})
	return steps
}

func arrivals(e Entry, i int, skip Skip) []step {
	var steps []step
	n := 0
	for _, r := range e.Records {
		v, err := eventTree(e.Request.Path, r.Payload)
		if err == nil && skip != nil && skip(e.Actor, eventType(v)) {
			continue
		}
		steps = append(steps, step{at: max(r.At, e.At), what: awaitRecord, entry: i, record: n})
		n++
	}
	return steps
}

// hiddenTeardown says whether the stream of e is ended by a TEARDOWN that the
// recording leaves out, as executor traces do with the one that cleans up.
func hiddenTeardown(t *Trace, e Entry) bool {
	if e.Actor != Framework || e.End == nil || e.End.How != EndProper {
		return false
	}
	executors := false
	for _, other := range t.Entries {
		executors = executors || other.Actor == Executor
		if other.Request != nil && bytes.Contains(other.Request.Body, []byte(`"TEARDOWN"`)) {
			return false
		}
	}
	return executors
}

// teardownAt guesses when that call was sent: some milliseconds before the end,
// and after the last thing that the framework or the operator did or received.
func teardownAt(t *Trace, e Entry) time.Duration {
	at := e.End.At - 12*time.Millisecond
	for _, r := range e.Records {
		at = max(at, r.At+1)
	}
	for _, other := range t.Entries {
		if other.Actor != Executor && other.At < e.End.At {
			at = max(at, other.At+1)
		}
	}
	return at
}

// isPoll says whether an entry is one of a row of equal requests, sent until
// the answer is the one waited for.
func isPoll(e Entry) bool { return e.Request != nil && strings.HasPrefix(e.Note, "poll ") }

// lastPolls finds the last answered request of each row of polls. How many came
// before depends on timing alone.
func lastPolls(t *Trace) map[int]bool {
	last := map[int]bool{}
	latest := map[string]int{}
	for i, e := range t.Entries {
		if isPoll(e) && e.Response.Error == "" {
			latest[e.Note] = i
		}
	}
	for _, i := range latest {
		last[i] = true
	}
	return last
}
