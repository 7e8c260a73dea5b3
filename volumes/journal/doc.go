// Package journal remembers on disk what an executor has done to datasets, so
// that whoever comes next on the node can undo it after any death.
//
//	<state-dir>/
//	  runs/<run>/          one folder per executor run, flock'ed while it lives
//	    wanted/<id>.json     a lease is about to be taken, or the dataset brought
//	    held/<id>.json       everything is mounted and bound; a task may be using it
//	    releasing/<id>.json  no process of the task is left; the lease goes back
//	  datasets/<id>.lock   flock'ed by the one task on this node that may use it,
//	                       or by a recovery; says who that is
//	  corrupt/             entries nobody can read, kept for a person
//
// Every entry is there before the act that it describes, and is gone only after
// that act is undone. It is written under a temporary name, synced, renamed, and
// its folder synced; from stage to stage it goes by a rename.
//
// Who may touch an entry is decided by its dataset's lock, never by the run's:
// the run's lock only says whether somebody alive still adds entries there. Both
// are file locks, so the kernel drops them with their owner. They belong to what
// was opened, not to a process: several runs of one process lock each other out
// as those of several do, and a recovery in it leaves them alone.
package journal
