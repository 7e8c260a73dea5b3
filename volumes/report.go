package volumes

import (
	"fmt"
	"strings"
)

// Outcome of one journal entry.
type Outcome string

// What Recover may do with an entry.
const (
	Returned Outcome = "returned"  // the lease is back, the entry gone
	Kept     Outcome = "kept"      // as it was
	SetAside Outcome = "set aside" // out of the way, for a person
)

// Finding is what Recover has met.
type Finding struct {
	What    string
	Outcome Outcome
	Why     string
}

// Report of a Recover. After a dry run it says what would be.
type Report struct {
	Findings []Finding
	Alive    int // runs that are alive, or being recovered by another
}

// String has a line for each finding, and a last one that counts.
func (r Report) String() string {
	var b strings.Builder
	count := map[Outcome]int{}
	for _, f := range r.Findings {
		count[f.Outcome]++
		fmt.Fprintf(&b, "%s: %s: %s\n", f.Outcome, f.What, f.Why)
	}
	fmt.Fprintf(&b, "%d returned, %d kept, %d set aside; %d executors alive",
		count[Returned], count[Kept], count[SetAside], r.Alive)
	return b.String()
}

func (r *Report) add(what string, outcome Outcome, why string) {
	r.Findings = append(r.Findings, Finding{What: what, Outcome: outcome, Why: why})
}
