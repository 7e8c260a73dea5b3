package volumes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// abandonLimit bounds the undo of an acquire, counted from when somebody calls it
// off, be that before the undo or while it is under way: a killed task must be
// told to be dead within five seconds.
const abandonLimit = 4 * time.Second

// Hold takes the datasets of vols for this task and returns when all of them
// are mounted on this node and pinned, or with an error when ctx or a volume's
// deadline ends, and then everything is put back as it was found; the error, a
// *HoldError once it has begun, names what could not be. report may be nil and
// is called from one goroutine at a time, and must not block.
//
// Without volumes it touches neither state directory nor Store.
func Hold(ctx context.Context, o Options, vols []Volume, report func(Progress)) (*Held, error) {
	acquire, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	h := &Held{o: o, report: report, lost: make(chan error, 1), abort: abort}
	if len(vols) == 0 {
		return h, nil
	}
	if err := h.open(vols); err != nil {
		return nil, err
	}
	undo, done := outlive(ctx, min(abandonLimit, cmp.Or(o.AbandonTimeout, abandonLimit)))
	defer done()
	if err := h.acquire(acquire); err != nil {
		err = errors.Join(err, h.abandon(undo))
		return nil, &HoldError{Volumes: h.Volumes(), Err: err}
	}
	return h, nil
}

// open checks the request and opens the journal. Nothing is leased yet.
func (h *Held) open(vols []Volume) (err error) {
	if err := h.o.check(vols); err != nil {
		return err
	}
	if h.journal, err = journal.Create(h.o.StateDir); err != nil {
		return fmt.Errorf("hold volumes: nothing may be leased that cannot be journalled: %w", err)
	}
	if h.journal.Volatile {
		h.o.log().Warn("state directory is in memory: a power cut forgets the leases", zap.String("dir", h.o.StateDir))
	}
	boot, err := bootID()
	if err != nil {
		return fmt.Errorf("hold volumes: %w", err)
	}
	self, err := thisProcess()
	if err != nil {
		return fmt.Errorf("hold volumes: %w", err)
	}
	if h.run, err = h.journal.NewRun(); err != nil {
		return fmt.Errorf("hold volumes: nothing may be leased that cannot be journalled: %w", err)
	}
	now := time.Now()
	for _, v := range vols {
		h.vols = append(h.vols, &holding{
			Volume: v, began: now, timeout: cmp.Or(v.Timeout, h.o.AcquireTimeout),
			entry: journal.Entry{
				Run: h.run.Name, Stage: journal.Wanted, Task: h.o.Task, Framework: h.o.Framework,
				Label: v.Label, Path: v.Path, Executor: self, Boot: boot,
			},
		})
	}
	h.sort()
	return nil
}

// sort puts the volumes into the order in which every task takes them: two that
// want the same two datasets must not wait for each other. One task may know a
// dataset by its id and another by its name, so the order is that of the ids. An
// id that only a listing reveals can come out of order: then both wait, one of
// them ends at its deadline, and its next try knows the id from the first.
func (h *Held) sort() {
	guess := func(v *holding) string { return v.Name }
	if g, ok := h.o.Store.(Guesser); ok {
		guess = func(v *holding) string { return cmp.Or(g.Guess(h.want(v.Volume)), v.Name) }
	}
	slices.SortStableFunc(h.vols, func(a, b *holding) int {
		return cmp.Compare(cmp.Or(a.Dataset, guess(a)), cmp.Or(b.Dataset, guess(b)))
	})
}

// acquire does each step for all volumes before the next, so that there is
// little to undo when one of them cannot be had. abandon is the undo.
func (h *Held) acquire(ctx context.Context) error {
	for _, step := range []func(context.Context, *holding) error{h.lease, h.bring, h.await} {
		for _, v := range h.vols {
			late := fmt.Errorf("not ready within %s", v.timeout)
			limited, cancel := context.WithDeadlineCause(ctx, v.began.Add(v.timeout), late)
			err := step(limited, v)
			if err == nil {
				v.state = "" // of what is over
				err = context.Cause(limited)
			}
			if err != nil {
				err = v.fail(limited, "acquire", err)
			}
			cancel()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// lease takes v's lease and starts to renew it.
func (h *Held) lease(ctx context.Context, v *holding) error {
	want := h.want(v.Volume)
	want.Report = func(state string) { h.tell(v, state) }
	r, err := h.o.Store.Lease(ctx, want, h.note(ctx, v))
	if err != nil {
		// What became of the last request is not known.
		v.entry.Record.Certain = false
		v.state = "" // the error says it
		return err
	}
	v.entry.Record = r
	v.renewAt = time.Now().Add(h.renewal())
	h.keep(ctx, v)
	return nil
}

func (h *Held) want(v Volume) Want {
	return Want{Name: v.Name, Dataset: v.Dataset, Size: cmp.Or(v.Size, h.o.DefaultSize), Create: v.Create, Lease: h.o.Lease}
}

// bring orders v's dataset to this node.
func (h *Held) bring(ctx context.Context, v *holding) error {
	v.join(ctx)
	defer h.keep(ctx, v)
	r, err := h.o.Store.Bring(ctx, v.entry.Record, h.note(ctx, v))
	if err == nil {
		v.entry.Record = r
	}
	return err
}

// abandon undoes a failed acquire, as Release does, and closes the journal: what
// is left is recovery's.
func (h *Held) abandon(ctx context.Context) error {
	err := h.Release(ctx)
	for _, v := range h.vols {
		v.join(ctx)
		err = errors.Join(err, v.unpin(ctx), v.unlock())
	}
	return errors.Join(err, h.close(ctx))
}
