package volumes

import (
	"context"
	"errors"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// Store is the storage system that a volume's dataset lives in. Hold is its
// only caller, and calls it for one dataset from one goroutine at a time, with
// one exception: Lease, as a renewal, may run beside nothing else of the same
// dataset but never stops before the volume is released.
//
// Every method returns an error that carries operation, dataset and cause, and
// leaves the decision what to do about it to the caller through errors.Is:
// ErrHeld, ErrRefused.
type Store interface {
	// Lease finds the dataset that want names and takes its lease for this
	// node. It waits while another node holds the lease, until ctx ends, and
	// then returns an error that is ErrHeld and names holder and expiry. A
	// dataset that does not exist is no error when want.Create allows to make
	// one: the Record then says Exists false.
	//
	// note is called with what is about to be true before every request that
	// changes anything; when it fails, so does Lease, and nothing is sent. note
	// may be called more than once, with different dataset ids: each call
	// replaces what the one before said only after the earlier id's lease has
	// been returned.
	//
	// With want.Renew set it renews that lease and returns the record with the
	// new expiry; it then does not wait: a lease that another node holds is
	// ErrHeld at once. Repeatable.
	Lease(ctx context.Context, want Want, note Note) (Record, error)

	// Bring orders the leased dataset to this node: it sets its primary, or
	// creates it. It returns as soon as the storage system has taken the order
	// and does not wait for the mount. A dataset that is here already costs no
	// request. Repeatable.
	Bring(ctx context.Context, r Record, note Note) (Record, error)

	// Return undoes what r says: with PreviousPrimary set it gives the
	// dataset its previous primary back while the lease still holds, then it returns the
	// lease. It never touches a lease that is not provably this node's: when
	// the lease turns out to be another's it does nothing and returns nil. First
	// it waits for the outcome of what was asked about the dataset before, by
	// calls whose ctx has ended: while that is not known the lease stays, and the
	// error says so. Repeatable, also by another process with a Record read from
	// the journal.
	Return(ctx context.Context, r Record) error
}

// Describer is what a Store may also be: it tells in a few words where a
// dataset is now ("moving from node 2222…"), for progress messages only.
// Costs requests; asked seldom.
type Describer interface {
	Describe(ctx context.Context, r Record) (string, error)
}

// Identifier is what a Store should also be: it says for which node and control
// service this process takes leases, in the form of Record.Node and
// Record.Service. Recovery needs it to leave alone what another node or another
// control service has to return.
type Identifier interface {
	Identity(ctx context.Context) (node, service string, err error)
}

// Guesser is what a Store should also be: it says, without a request, which
// dataset a Want will most likely turn out to be, "" when it cannot tell. Tasks
// that want the same datasets take them in the order of these ids, so that they
// do not wait for each other.
type Guesser interface {
	Guess(want Want) (dataset string)
}

// Note writes down what is about to be done. It must have succeeded before the
// request that does it is sent.
type Note func(Record) error

var (
	// ErrHeld says that another node, or something on this node that is not
	// this executor, holds the dataset's lease.
	ErrHeld = errors.New("dataset is held elsewhere")
	// ErrRefused says that asking again cannot help: the request contradicts
	// the dataset (name, two live datasets of one name, create=false and none).
	ErrRefused = errors.New("refused")
)

// Want names the dataset that a volume asks for.
type Want struct {
	Name     string            // metadata.name
	Dataset  string            // explicit dataset id, or ""
	Size     int64             // bytes, for creation
	Create   bool              // may be created when it does not exist
	Metadata map[string]string // further metadata at creation
	Lease    time.Duration     // lifetime of the lease
	Renew    *Record           // the lease to renew; nil to take a new one
	// Report, if not nil, is told what Lease waits for.
	Report func(state string)
}

// Record is what has been done to one dataset, or is about to be: enough for
// another process to undo it. The journal keeps it.
type Record = journal.Record
