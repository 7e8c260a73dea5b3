// Package stage is the program of the process that package keep starts, which is
// the only other user.
//
// The executor runs its own file again with ForkName as argument 0: that process
// forks another one, called Name, into a session of its own, and ends, so that
// the second is nobody's descendant. As with the guard (volumes/guard/stage), the
// init function of this package sees that and never returns, before the heavy
// packages of the program are initialised: the process waits as long as its task
// runs, and should cost little. Look at GODEBUG=inittrace=1 before adding to it.
//
// For the person on call: it shows as "flocker-keeper" with process 1 as parent,
// and with what it would do as its argument. It ignores every signal but SIGKILL.
// When its executor dies it starts "flocker-finish", and ends with that.
package stage
