// Package failpoint lets tests kill the program at named points, and make it
// leave out what keeps data safe, to prove that a test would notice.
//
// Both work only in a build with the tag "failpoint"; in any other they are
// constants that the compiler removes.
//
// FLOCKER_EXECUTOR_FAILPOINT names the point to die at, as "<point>" or
// "<point>#<n>" for the n-th time that one process reaches it, from 1. The
// process that reaches it dies by SIGKILL: the guard's second stage at a
// "guard.stage." point, the keeper at "keeper.finish.before", the executor at any
// other.
//
// FLOCKER_EXECUTOR_FAULTS lists mistakes to make, separated by commas:
//
//	no-pin              Pin opens nothing of the dataset, so that nothing keeps its mount busy
//	private             the second stage makes / private instead of slave
//	pause-stage=<fifo>  the second stage reads <fifo> to its end after it has changed the
//	                    propagation of / and before it binds and detaches anything; opening
//	                    the fifo for writing tells that it is there
//
// The second stage gets both variables from the executor; the task gets neither.
package failpoint

import "slices"

// Variable and Faults are the environment variables of this package.
const (
	Variable = "FLOCKER_EXECUTOR_FAILPOINT"
	Faults   = "FLOCKER_EXECUTOR_FAULTS"
)

// Points is the one list of points. The kill matrix ranges over it. Each
// package keeps its own sorted group below.
var Points = slices.Concat(volumePoints, guardPoints, executorPoints, ContainerPoints)

var guardPoints = []string{
	"guard.bind.after",
	"guard.bind.before",
	"guard.run.after",
	"guard.run.before",
	"guard.stage.bind.after",
	"guard.stage.bind.before",
	"guard.stage.detach.after",
	"guard.stage.detach.before",
	"guard.stage.fork.after",
	"guard.stage.fork.before",
	"guard.start.after",
	"guard.start.before",
	"guard.stop.after",
	"guard.stop.before",
}
