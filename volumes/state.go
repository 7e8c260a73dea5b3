package volumes

import "cmp"

// State says where a volume is, for a task's statuses.
type State string

// A volume is acquiring until all volumes of its task are held, and released
// or left once their release was tried.
const (
	StateAcquiring State = "acquiring"
	StateHeld      State = "held"
	StateReleased  State = "released"
	StateLeft      State = "left" // not given back yet
)

// VolumeState is one volume of a task.
type VolumeState struct {
	Name    string // of the dataset
	Dataset string // its id; "" until it is known
	State   State
}

// Volumes tells where the volumes are. Its caller is the goroutine that owns h.
func (h *Held) Volumes() []VolumeState {
	states := make([]VolumeState, len(h.vols))
	for i, v := range h.vols {
		states[i] = VolumeState{Name: v.Name, Dataset: cmp.Or(v.entry.Record.Dataset, v.Dataset), State: StateHeld}
		switch {
		case h.releasing && v.noted:
			states[i].State = StateLeft
		case h.releasing:
			states[i].State = StateReleased
		}
	}
	return states
}

// HoldError is why a Hold failed that had begun to take datasets.
type HoldError struct {
	Volumes []VolumeState // released or left
	Err     error
}

// Error is the cause's.
func (e *HoldError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *HoldError) Unwrap() error { return e.Err }
