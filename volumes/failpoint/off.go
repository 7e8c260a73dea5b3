//go:build !failpoint

package failpoint

// Enabled says whether this build can be killed at a point.
const Enabled = false

// Hit does nothing in this build.
func Hit(string) {}

// Fault is false in this build.
func Fault(string) bool { return false }

// FaultValue is "" in this build.
func FaultValue(string) string { return "" }
