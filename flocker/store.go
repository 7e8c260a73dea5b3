package flocker

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

var (
	_ volumes.Store      = (*Store)(nil)
	_ volumes.Describer  = (*Store)(nil)
	_ volumes.Identifier = (*Store)(nil)
	_ volumes.Guesser    = (*Store)(nil)
)

// StoreOptions say whose leases a Store takes.
type StoreOptions struct {
	Client *Client
	// Node is this machine's Flocker node, when the operator says so; "" means
	// to find it out: by the boot id, or by the machine's addresses.
	Node string
	// CacheDir keeps what has been found out: the node's id and the ids of
	// datasets that other tools have made. Losing it costs requests, nothing
	// else. "" keeps nothing.
	CacheDir string
	// BootID is the machine's boot id; "" reads it from /proc.
	BootID string
	// Log may be nil.
	Log *zap.Logger
}

// Store brings Flocker's datasets to this node: it is what package volumes asks
// of storage. It may be used by several goroutines at once, for different
// datasets.
type Store struct {
	client *Client
	want   string // node by the operator's word
	cache  cache
	bootID string
	// self holds what is known of this node; whoever takes it out may ask the
	// service, and puts it back.
	self    chan identity
	flights flights
	log     *zap.Logger
}

// NewStore sends nothing: the node is looked up when it is first needed.
func NewStore(o StoreOptions) *Store {
	s := &Store{
		client: o.Client,
		want:   strings.ToLower(o.Node),
		cache:  cache{dir: o.CacheDir, service: o.Client.Service(), log: o.Log},
		bootID: o.BootID,
		self:   make(chan identity, 1),
		log:    o.Log,
	}
	if s.log == nil {
		s.log = zap.NewNop()
		s.cache.log = s.log
	}
	s.self <- identity{}
	return s
}

// granted completes a record when the service has given its lease.
func granted(r volumes.Record, g Grant, lifetime time.Duration) volumes.Record {
	r = asked(r, g.Sent, lifetime)
	r.Certain = true
	return r
}

// asked is the record before its lease is asked for.
func asked(r volumes.Record, sent int64, lifetime time.Duration) volumes.Record {
	r.LeaseSent, r.LeaseFor = sent, lifetime
	r.LeaseUntil = time.Now().Add(lifetime).Round(time.Second)
	r.Certain = false
	return r
}

// certain reports whether the lease is ours beyond doubt, and for how long it
// will be: this process saw it granted, and it has not nearly run out. (That the
// era is the same goes without saying: no process outlives its boot.)
func certain(r volumes.Record) (time.Duration, bool) {
	margin := min(max(r.LeaseFor/8, min(time.Second, r.LeaseFor/2)), 10*time.Second)
	left := time.Duration(r.LeaseSent+int64(r.LeaseFor)-Boottime()) - margin
	return left, r.Certain && left > 0
}

var errNotCertain = errors.New("the lease may be over soon")

// whileCertain bounds what may only be sent while the lease is ours.
func whileCertain(ctx context.Context, r volumes.Record) (context.Context, context.CancelFunc) {
	left, _ := certain(r)
	return context.WithTimeoutCause(ctx, left, errNotCertain)
}

// cleanUp is for giving back a lease after the context that took it has ended.
func cleanUp(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
}
