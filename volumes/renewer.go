package volumes

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
)

const (
	// renewalLimit is how long one renewal may hang: a busy control service has
	// been seen to take two minutes for an answer.
	renewalLimit = 2 * time.Minute
	// retryRenewal is the pause after a renewal that failed.
	retryRenewal = 5 * time.Second
	// patience is how long a renewal under way may still take when its renewer is
	// joined. One that is cut off might be carried out after the lease has been
	// returned, and bring it back until it expires.
	patience = time.Second
)

// renewer renews one lease until it is joined. It works on a copy of the volume
// and hands it back then.
type renewer struct {
	stop   chan struct{} // closed: no further renewal
	cancel context.CancelFunc
	done   chan *holding // capacity 1
}

// renewal is a quarter of the lease, give or take a fifth, so that the leases of
// many tasks do not come due together.
func (h *Held) renewal() time.Duration { return jitter(h.o.Lease / 4) }

func jitter(d time.Duration) time.Duration {
	return max(d*4/5+rand.N(d*2/5+1), time.Millisecond)
}

// keep starts v's renewer. It outlives ctx, which may be an acquire's.
func (h *Held) keep(ctx context.Context, v *holding) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &renewer{stop: make(chan struct{}), cancel: cancel, done: make(chan *holding, 1)}
	own := *v
	v.renewer = r
	go func() {
		h.renewals(ctx, r.stop, &own)
		r.done <- &own
	}()
}

// join ends v's renewer and takes over what it has changed. Repeatable.
func (v *holding) join(ctx context.Context) {
	if v.renewer == nil {
		return
	}
	defer v.renewer.cancel()
	close(v.renewer.stop)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var own *holding
	select {
	case own = <-v.renewer.done:
	case <-ctx.Done():
		v.renewer.cancel()
		own = <-v.renewer.done
	}
	v.entry, v.renewAt, v.renewer = own.entry, own.renewAt, nil
}

// renewals renews v's lease until stop is closed or ctx ends.
func (h *Held) renewals(ctx context.Context, stop <-chan struct{}, v *holding) {
	due := time.NewTimer(time.Until(v.renewAt))
	defer due.Stop()
	for {
		select {
		case <-stop:
			return
		case <-due.C:
		}
		next := h.renewal()
		err := h.renew(ctx, v)
		switch {
		case err == nil:
		case errors.Is(err, ErrHeld):
			v.entry.Record.Certain = false
			h.lose(v.fail(ctx, "keep", err))
			return
		case ctx.Err() == nil:
			next = min(next, jitter(retryRenewal))
			h.o.log().Warn("lease not renewed; trying again", append(v.fields(), zap.Duration("in", next), zap.Error(err))...)
		}
		v.renewAt = time.Now().Add(next)
		due.Reset(next)
	}
}

func (h *Held) renew(ctx context.Context, v *holding) error {
	ctx, cancel := context.WithTimeout(ctx, renewalLimit)
	defer cancel()
	want := h.want(v.Volume)
	granted := v.entry.Record
	want.Renew = &granted
	r, err := h.o.Store.Lease(ctx, want, func(r Record) error {
		// The entry that is there already says what to return, so that a full
		// disk does not cost a running task its lease.
		if err := h.write(v, r); err != nil {
			h.o.log().Warn("renewal not journalled", zap.String("volume", v.Name), zap.Error(err))
		}
		return nil
	})
	if err != nil {
		r = granted // the lease before it still runs
	}
	v.entry.Record = r
	return err
}
