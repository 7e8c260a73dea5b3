package failpoint

// volumePoints are those of holding and releasing. "journal.put" is reached for
// every write of an entry: before the lease, at its renewal, before the dataset
// is brought, when it is held, and with the guard's pid.
// The "keeper.finish" point is the keeper's, after its executor's death; from
// there on it comes by the points of a release as well.
var volumePoints = []string{
	"container.create.after",
	"container.create.before",
	"container.remove.after",
	"container.remove.before",
	"container.start.after",
	"container.start.before",
	"container.verify.after",
	"journal.close.after",
	"journal.close.before",
	"journal.held.after",
	"journal.held.before",
	"journal.put.after",
	"journal.put.before",
	"journal.releasing.after",
	"journal.releasing.before",
	"journal.remove.after",
	"journal.remove.before",
	"journal.run.after",
	"journal.run.before",
	"keeper.done.after",
	"keeper.done.before",
	"keeper.finish.before",
	"keeper.start.after",
	"keeper.start.before",
	"lock.after",
	"lock.before",
	"pin.after",
	"pin.before",
	"return.after",
	"return.before",
	"sync.after",
	"sync.before",
	"unlock.after",
	"unlock.before",
	"unpin.after",
	"unpin.before",
}
