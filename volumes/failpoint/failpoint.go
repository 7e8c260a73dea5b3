// Package failpoint lets tests kill the program at named points. In a build
// without the tag "failpoint" Hit is empty and costs nothing.
package failpoint

// Points is the one list of points. The kill matrix ranges over it.
var Points = []string{
	"journal.run.before", "journal.run.after", // the run's folder gets its name
	"lock.before", "lock.after", // the dataset's lock
	"journal.wanted.before", "journal.wanted.after", // entry written before the lease
	"journal.held.before", "journal.held.after", // everything is mounted
	"pin.before", "pin.after",
	"guard.before", "guard.after", // second stage, binds, detaching
	"run.before", "run.after", // fork of the task
	"stop.before", "stop.after", // end of the guard
	"sync.before", "sync.after",
	"unpin.before", "unpin.after",
	"journal.releasing.before", "journal.releasing.after",
	"return.before", "return.after", // the lease goes back
	"journal.remove.before", "journal.remove.after",
	"unlock.before", "unlock.after",
	"journal.close.before", "journal.close.after", // the run's folder goes
}
