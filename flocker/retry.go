package flocker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
)

const (
	firstPause = 250 * time.Millisecond
	maxPause   = 10 * time.Second
	// retryFor bounds what a context without a deadline would not.
	retryFor = 5 * time.Minute
)

// What may be sent twice, and why:
//
//	GET                      changes nothing
//	POST {} to a dataset     changes nothing
//	POST primary             sets one value; sent only under our lease
//	POST a new dataset       its id is ours to choose: the second answer is 409
//	DELETE of a dataset      the second answer is 200 as well
//
// and what is never sent again by itself:
//
//	POST of a lease          what 200 means depends on what became of the first;
//	                         the Store keeps count and repeats it
//	DELETE of a lease        names no node: the second may free another node's
//	                         lease, taken in between
//
// tries is the back-off of one request.
type tries struct {
	log   *zap.Logger
	n     int
	began time.Time
	last  error // the last one that was not the end of the context
}

func (c *Client) tries() *tries { return &tries{log: c.log, began: time.Now()} }

// next waits until it is time to try again and returns nil, or returns the
// error to give up with: because the failure will not pass, or ctx ended.
func (t *tries) next(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return t.gaveUp(ctx, err)
	}
	if IsPermanent(err) || IsConflict(err) || time.Since(t.began) > retryFor {
		return err
	}
	t.last = err
	t.n++
	d := pause(t.n)
	t.log.Warn("control service: trying again", zap.Error(err), zap.Duration("in", d), zap.Int("tries", t.n))
	if tell := noticeOf(ctx); tell != nil {
		tell("waiting for the control service, which does not answer as it should: " + err.Error())
	}
	if sleep(ctx, d) != nil {
		return t.gaveUp(ctx, err)
	}
	return nil
}

// gaveUp prefers what the service last said to "context deadline exceeded".
func (t *tries) gaveUp(ctx context.Context, err error) error {
	if t.last == nil || errors.Is(t.last, ctx.Err()) {
		return err
	}
	return fmt.Errorf("%w; gave up after %d tries: %w", t.last, t.n, context.Cause(ctx))
}

// pause doubles and is spread over its upper half, so that the executors of a
// cluster do not come back all at once.
func pause(n int) time.Duration {
	d := maxPause
	if n < 6 {
		d = firstPause << n
	}
	return d/2 + rand.N(d/2) //nolint:gosec // jitter, not a secret
}

// sleep returns ctx's error when it ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type noticeKey struct{}

// withNotice makes requests under ctx tell what they wait for.
func withNotice(ctx context.Context, tell func(string)) context.Context {
	if tell == nil {
		return ctx
	}
	return context.WithValue(ctx, noticeKey{}, tell)
}

func noticeOf(ctx context.Context) func(string) {
	tell, _ := ctx.Value(noticeKey{}).(func(string))
	return tell
}
