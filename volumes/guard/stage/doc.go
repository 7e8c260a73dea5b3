// Package stage is the second stage of the executor: process 1 of the task's
// PID namespace. Package guard starts it and is the only other user.
//
// The executor runs its own file again with Name as argument 0. The init
// function of this package sees that and never returns, so that the heavy
// packages of the program are not even initialised: the guard lives as long as
// the task and should cost little. This is why the package imports next to
// nothing; look at GODEBUG=inittrace=1 before adding to it.
//
// For the person on call: the process shows as "flocker-guard" with its
// executor as parent. Killing it kills every process of the task, at once and
// whatever they did with sessions and groups. It ignores every signal that the
// task sends it. It may be there long before its task, while the executor waits
// for a mount; it keeps nothing busy then. Afterwards it has the executor's pins
// and locks open, which came over the control socket, so that a dataset stays
// busy until the last process of the task is dead.
//
// What it does, in order; any error ends it and all it made:
//
//	/ recursively slave ── check: nothing is shared ── its own /proc
//	detach every mount of a dataset ── report ── wait for the plan
//	for each bind: open the target ── move the executor's copy of the mount onto it
//	detach every other mount of a dataset ── check every bind in the mount table
//	report ── fork the task ── reap, pass signals on, fork and kill commands
//	beside it, until the executor is gone
//
// Whatever the task is given, this process stays as it is: user and groups are
// set between fork and exec; for limits, capabilities and no_new_privs the fork
// runs the program's own file a third time, with LaunchName as argument 0, which
// changes itself and becomes the task.
package stage
