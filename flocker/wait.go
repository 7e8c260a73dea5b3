package flocker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

const (
	// sweep is how long an expired lease may last: the service looks once a
	// second.
	sweep = 1200 * time.Millisecond
	// askAgain is the mean time between two requests for a lease that another
	// node holds; it may be given back any moment.
	askAgain = 5 * time.Second
	// listAgain: every listing holds all leases of the cluster.
	listAgain = 30 * time.Second
	// listLimit keeps an explanation from costing more time than the wait.
	listLimit = 5 * time.Second
)

// waiter waits while another node holds a lease.
type waiter struct {
	client  *Client
	log     *zap.Logger
	dataset string
	report  func(string)
	listed  time.Time // when the leases were last listed
	holder  string
	until   time.Time // zero: never
	last    string    // what the wait was last for
}

func (s *Store) waiter(r volumes.Record, report func(string)) *waiter {
	if report == nil {
		report = func(string) {}
	}
	return &waiter{client: s.client, log: s.log, dataset: r.Dataset, report: report}
}

// wait returns nil when it is time to ask again, and ErrHeld when ctx ended.
func (w *waiter) wait(ctx context.Context) error {
	d := jitter(askAgain)
	if w.listed.IsZero() || time.Since(w.listed) >= listAgain {
		if w.list(ctx); w.holder == "" {
			d = jitter(sweep) // given back while we asked, as it seems
		}
	}
	if left := time.Until(w.until) + sweep; !w.until.IsZero() && left > 0 {
		d = min(d, left)
	}
	w.last = w.now()
	w.report(w.words(short(w.holder)))
	if sleep(ctx, d) != nil {
		return fmt.Errorf("%w: %s: %w", volumes.ErrHeld, w.now(), context.Cause(ctx))
	}
	return nil
}

// outside waits while this node has the lease by somebody else's doing. It only
// looks: to ask for the lease would prolong it.
func (w *waiter) outside(ctx context.Context, node string) error {
	for {
		if known := w.list(ctx); known && w.holder != node {
			return nil
		}
		d := jitter(listAgain)
		if !w.until.IsZero() {
			d = min(d, max(time.Until(w.until), 0)+sweep)
		}
		w.report("leased by something else on this node")
		if sleep(ctx, d) != nil {
			return fmt.Errorf("%w; it is %s: %w", errOutside, w.now(), context.Cause(ctx))
		}
	}
}

// heldBy lists the holder and returns ErrHeld at once.
func (w *waiter) heldBy(ctx context.Context) error {
	w.list(ctx)
	return fmt.Errorf("%w: %s", volumes.ErrHeld, w.now())
}

// list learns holder and expiry. It is for the message and for asking at the
// right moment; when it fails, and known is false, the wait goes on without.
func (w *waiter) list(ctx context.Context) (known bool) {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	var all []Lease
	_, err := w.client.once(ctx, call{method: http.MethodGet, path: leasesPath}, &all)
	w.listed = time.Now()
	w.holder, w.until = "", time.Time{}
	if err != nil {
		w.log.Warn("cannot find out who holds the lease", zap.String("dataset", w.dataset), zap.Error(err))
		return false
	}
	for _, l := range all {
		if !strings.EqualFold(l.Dataset, w.dataset) {
			continue
		}
		w.holder = l.Node
		if l.Expires != Forever {
			w.until = w.listed.Add(l.Expires)
		}
	}
	return true
}

// now says who holds the lease and how long from now.
func (w *waiter) now() string { return w.words(w.holder) }

func (w *waiter) words(holder string) string {
	if w.holder == "" {
		return "held by another node"
	}
	switch left := time.Until(w.until).Round(time.Second); {
	case w.until.IsZero():
		return "held by node " + holder + ", does not expire"
	case left <= 0:
		return "held by node " + holder + ", not given back or renewed yet"
	default:
		return fmt.Sprintf("held by node %s, expires in %d s", holder, int(left.Seconds()))
	}
}

// jitter spreads a wait by a fifth to either side.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + rand.N(2*d/5) //nolint:gosec // jitter, not a secret
}
