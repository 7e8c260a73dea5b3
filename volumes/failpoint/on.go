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

// Variable names the point to die at: "<point>" or "<point>#<n>" for the n-th
// time it is reached, counted from 1.
const Variable = "FLOCKER_EXECUTOR_FAILPOINT"

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
	if n, _ := strconv.ParseInt(nth, 10, 64); hits.Add(1) >= max(n, 1) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
