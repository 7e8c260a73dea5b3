package checks

// Result is something new: one of the two is set.
type Result struct {
	Check  *Outcome
	Health *Verdict
}

// Outcome is what the check's last run has seen, as CheckStatusInfo says it: the
// field of the check's type, or nothing when the run failed or timed out.
type Outcome struct {
	ExitCode   *int32
	StatusCode *uint32 // of the last answer, after redirects
	Succeeded  *bool
}

// Verdict is the news of a health check.
type Verdict struct {
	Healthy bool
	// Kill says that the task has failed often enough in a row to be killed. It
	// stays true for every further failure.
	Kill bool
	// Message is one line for the task's owner.
	Message string
}

func (o Outcome) equal(other Outcome) bool {
	return same(o.ExitCode, other.ExitCode) && same(o.StatusCode, other.StatusCode) && same(o.Succeeded, other.Succeeded)
}

func same[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// outbox holds results until they are read. Verdicts are kept in order, every
// one; of outcomes only the latest waits, and not even that when the reader has
// it already. Its zero value has nothing to tell, and takes it that the reader
// knows of the empty outcome: TASK_RUNNING carried it (checker.cpp starts the
// same way).
type outbox struct {
	queue []Result
	read  Outcome
}

func (b *outbox) verdict(v *Verdict) {
	if v != nil {
		b.queue = append(b.queue, Result{Health: v})
	}
}

func (b *outbox) outcome(o Outcome) {
	var waiting []Result
	for _, r := range b.queue {
		if r.Check == nil {
			waiting = append(waiting, r)
		}
	}
	if !o.equal(b.read) {
		waiting = append(waiting, Result{Check: &o})
	}
	b.queue = waiting
}

// head is the next result and where it goes; a nil channel when there is none.
func (b *outbox) head(results chan<- Result) (chan<- Result, Result) {
	if len(b.queue) == 0 {
		return nil, Result{}
	}
	return results, b.queue[0]
}

// sent takes away the head.
func (b *outbox) sent() {
	if o := b.queue[0].Check; o != nil {
		b.read = *o
	}
	b.queue = b.queue[1:]
}
