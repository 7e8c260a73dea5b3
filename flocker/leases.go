package flocker

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"time"
)

// Forever is the lifetime of a lease that does not expire by itself.
const Forever = time.Duration(math.MaxInt64)

// Lease keeps a dataset on a node: while it lasts, the service takes orders to
// move it elsewhere or to delete it, and does not carry them out.
type Lease struct {
	Dataset string
	Node    string
	// Expires is the time left, or Forever. It is briefly negative: expired
	// leases are swept once a second.
	Expires time.Duration
}

type wireLease struct {
	Dataset string   `json:"dataset_id"`
	Node    string   `json:"node_uuid"`
	Expires *float64 `json:"expires"` // required; null is for ever
}

// UnmarshalJSON reads the service's form, with seconds or null.
func (l *Lease) UnmarshalJSON(b []byte) error {
	var w wireLease
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*l = Lease{Dataset: w.Dataset, Node: w.Node, Expires: Forever}
	if w.Expires != nil && *w.Expires < Forever.Seconds() {
		l.Expires = time.Duration(*w.Expires * float64(time.Second))
	}
	return nil
}

// MarshalJSON writes the service's form.
func (l Lease) MarshalJSON() ([]byte, error) {
	w := wireLease{Dataset: l.Dataset, Node: l.Node}
	if l.Expires != Forever {
		seconds := l.Expires.Seconds()
		w.Expires = &seconds
	}
	return json.Marshal(w)
}

// Grant is a lease that the service has given.
type Grant struct {
	Lease Lease
	// New is false when the node held the lease already: it was renewed, and
	// its earlier expiry, whoever had set it, is replaced.
	New bool
	// Sent is CLOCK_BOOTTIME in nanoseconds just before the request was sent.
	// The lifetime counts from some moment after it.
	Sent int64
}

const leasesPath = "/v1/configuration/leases"

// Leases lists every lease of the cluster.
func (c *Client) Leases(ctx context.Context) ([]Lease, error) {
	var list []Lease
	_, err := c.do(ctx, call{method: http.MethodGet, path: leasesPath, repeat: true}, &list)
	return list, err
}

// AcquireLease takes a lease or renews it; neither dataset nor node need exist.
// Another node's lease is IsConflict. A lifetime of 0 gives back the node's own
// lease within a second and cannot touch another's; Forever never expires.
//
// It is sent once: what the second answer means depends on what became of the
// first request, see MayBeApplied.
func (c *Client) AcquireLease(ctx context.Context, dataset, node string, lifetime time.Duration) (Grant, error) {
	var g Grant
	body := Lease{Dataset: dataset, Node: node, Expires: lifetime}
	a, err := c.do(ctx, call{method: http.MethodPost, path: leasesPath, body: body}, &g.Lease)
	g.New, g.Sent = a.status == http.StatusCreated, a.sent
	return g, err
}

// ReleaseLease removes the lease of a dataset, whoever holds it, and returns it
// as it was. No lease is IsNotFound. Only for who has just been granted it: the
// request names no node. It is sent once, for the same reason.
func (c *Client) ReleaseLease(ctx context.Context, dataset string) (Lease, error) {
	return c.releaseWithin(ctx, dataset, 0)
}

// releaseWithin is ReleaseLease, unless that is not sent within d.
func (c *Client) releaseWithin(ctx context.Context, dataset string, d time.Duration) (l Lease, err error) {
	_, err = c.do(ctx, call{method: http.MethodDelete, path: leasePath(dataset), within: d}, &l)
	return l, err
}

func leasePath(dataset string) string { return leasesPath + "/" + url.PathEscape(dataset) }
