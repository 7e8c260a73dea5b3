package failpoint

// volumePoints are those of holding and releasing. "journal.put" is reached for
// every write of an entry: before the lease, at its renewal, before the dataset
// is brought, when it is held, and with the guard's pid.
var volumePoints = []string{
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
