//go:build failpoint

package failpoint

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Enabled says whether this build can be killed at a point.
const Enabled = true

var hits atomic.Int64

// Hit kills the calling process with SIGKILL when Variable names this point.
// A point that is not in Points is a bug in the caller.
func Hit(point string) {
	if !slices.Contains(Points, point) {
		panic("failpoint: " + point + " is not in Points")
	}
	want, nth, _ := strings.Cut(os.Getenv(Variable), "#")
	if want != point {
		return
	}
	n, _ := strconv.ParseInt(nth, 10, 64)
	if hits.Add(1) < max(n, 1) {
		return
	}
	_, _ = os.Stderr.WriteString("failpoint: dying at " + os.Getenv(Variable) + "\n")
	die()
}

// Fault says whether Faults lists the mistake.
func Fault(name string) bool {
	_, on := lookup(name)
	return on
}

// FaultValue is what Faults gives the mistake after "=", or "".
func FaultValue(name string) string {
	value, _ := lookup(name)
	return value
}

func lookup(name string) (value string, on bool) {
	for entry := range strings.SplitSeq(os.Getenv(Faults), ",") {
		if key, value, _ := strings.Cut(entry, "="); key == name {
			return value, true
		}
	}
	return "", false
}

// die does not return. Process 1 of a PID namespace ignores a SIGKILL that it
// sends itself, so it leaves by the door; the kernel then kills the rest of the
// namespace all the same.
func die() {
	if os.Getpid() == 1 {
		syscall.Exit(137)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
