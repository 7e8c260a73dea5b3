package journal

import "time"

// Record is what has been done to one dataset, or is about to be: enough for
// another process to undo it. Its field names are a format.
type Record struct {
	Name    string `json:"name"`
	Dataset string `json:"dataset"`
	Node    string `json:"node"`    // Flocker node the lease is for
	Era     string `json:"era"`     // its boot id when the lease was taken
	Service string `json:"service"` // control service, host:port
	Exists  bool   `json:"exists"`  // false: Bring has to create it
	Primary string `json:"primary,omitempty"`
	// PreviousPrimary is where the dataset was before Bring ordered it here,
	// "" when nothing has to be put back.
	PreviousPrimary string            `json:"previous_primary,omitempty"`
	Size            int64             `json:"size,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
	// LeaseSent is CLOCK_BOOTTIME, in nanoseconds, just before the last
	// successful lease request was sent; LeaseFor its lifetime. Together with
	// Era they say until when ownership is certain.
	LeaseSent int64         `json:"lease_sent,omitempty"`
	LeaseFor  time.Duration `json:"lease_for,omitempty"`
	// LeaseUntil is the same for people, by the wall clock.
	LeaseUntil time.Time `json:"lease_until,omitzero"`
	// Free says that nothing is held, or not by us: Return then does nothing.
	Free bool `json:"free,omitempty"`
	// Certain says that this process saw the lease granted. A Record read from
	// the journal never is.
	Certain bool `json:"-"`
}
