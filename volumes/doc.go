// Package volumes holds datasets for one task and gives them back, however the
// task ends. It knows neither Mesos nor Flocker.
//
//	Hold     lock → finish what dead runs left → journal → lease    undo: Return
//	         bring the dataset here                                 undo: put back
//	         wait for the mount, pin it                             undo: close the pin
//	Start    guard with its binds → journal: held, by this guard → look again → the task runs
//	         or keeper → journal: this container → the engine makes it → held → it runs
//	Lost     the lease is another's, or the mount is gone
//	Release  stop the guard, or remove the container → nobody reaches the mount → syncfs → close the pin
//	         → journal: releasing → Return → entry gone → unlock
//	Finish   Release, by the keeper of a container whose executor is dead
//	Recover  Release, for runs whose executor is dead, and keeper if there was one
//
// For the person on call. The pin is what keeps a dataset on this node: while
// the executor or its guard has the dataset's root open, the storage agent's
// umount answers EBUSY. The lease only says so politely to other nodes. A lease
// is returned when no process of the task can reach the mount any more, and not
// before; what could not be proved stays leased, stays in the journal, and is
// named in the error.
//
// A container's bind does not make its dataset busy any more than a guard's does,
// and no signal ends a container with its executor. So a process of its own, the
// keeper (volumes/keep), has pins and locks open as well; when the executor dies it
// removes the container, and only then releases. It goes on until engine and
// storage system have answered.
//
// A dataset's lock (volumes/journal) is taken before any request about it and
// dropped after the last one. Whoever has it may finish what the journal says
// about the dataset, whoever wrote it.
//
// Recovery waits for the guard of a dead executor, which it finds in /proc. From
// a PID namespace that is neither the machine's first one nor that executor's (the
// container of another task, say) it cannot see the guard: it waits a second for
// its end, which takes the kernel milliseconds, and then believes it. Nor can it
// see from there a process of the dead task that SIGKILL does not end (state D),
// or a mount namespace that keeps a copy: the proof covers what its own /proc
// shows. So run "flocker-executor recover" on the node itself, not in a container.
//
// Goroutines: each volume has a renewer of its lease, and a running
// task has one watcher of the mount table. Whatever changes a volume first joins
// its renewer; Release joins everything.
package volumes
