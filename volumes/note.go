package volumes

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// note returns what writes v's journal before each request that changes
// something. The first time it meets a dataset it takes the dataset's lock, and
// finishes what dead runs have left of it; that may take until ctx ends.
func (h *Held) note(ctx context.Context, v *holding) Note {
	return func(r Record) error {
		if v.lock == nil || v.lock.Dataset != r.Dataset {
			return h.change(ctx, v, r)
		}
		return h.write(v, r)
	}
}

// write journals r. That nothing is held is believed also when it cannot be
// written: the undo would give back what is somebody else's.
func (h *Held) write(v *holding, r Record) error {
	e := v.entry
	e.Record = r
	if err := h.journal.Put(e); err != nil {
		v.entry.Record.Free = v.entry.Record.Free || r.Free
		return err
	}
	v.entry, v.noted = e, true
	return nil
}

// change gives v another dataset. The entry of the one before goes after the new
// one is there, and its lock last.
func (h *Held) change(ctx context.Context, v *holding, r Record) error {
	for _, other := range h.vols {
		if other != v && other.lock != nil && other.lock.Dataset == r.Dataset {
			return fmt.Errorf("dataset %s is also volume %s of label %s; one task can have a dataset once: %w",
				r.Dataset, other.Name, other.Label, ErrRefused)
		}
	}
	owner := journal.Owner{Task: h.o.Task, Framework: h.o.Framework, Process: v.entry.Executor}
	lock, err := h.journal.Lock(ctx, r.Dataset, owner, func(holder string) { h.tell(v, "used by "+holder) })
	if err != nil {
		return err
	}
	before := *v
	v.lock = lock
	if err = h.finishDead(ctx, r); err == nil {
		err = h.write(v, r)
	}
	if err != nil {
		v.lock = before.lock
		return errors.Join(err, lock.Close())
	}
	if before.noted {
		err = h.journal.Remove(before.entry)
	}
	return errors.Join(err, before.unlock())
}

// finishDead releases what dead runs hold of r's dataset. Its lock is ours, so
// whoever wrote the entries is no more. It is bounded as the acquire is that
// waits for it, by ctx alone.
func (h *Held) finishDead(ctx context.Context, r Record) error {
	scan, err := h.journal.Of(r.Dataset)
	if err != nil {
		return err
	}
	o := h.o
	o.ReleaseTimeout = 0
	for _, b := range scan.Broken {
		h.o.log().Warn("journal entry cannot be read; recovery sets it aside", zap.String("path", b.Path), zap.Error(b.Err))
	}
	for _, e := range scan.Entries {
		if e.Run == h.run.Name || e.Record.Node != r.Node || e.Record.Service != r.Service {
			continue
		}
		if err := finish(ctx, o, h.journal, e); err != nil {
			return fmt.Errorf("finish what a dead executor has left: %w", err)
		}
		h.o.log().Info("finished what a dead executor has left", zap.Stringer("entry", e))
	}
	return nil
}

// unlock drops v's lock. Repeatable.
func (v *holding) unlock() error {
	if v.lock == nil {
		return nil
	}
	err := v.lock.Close()
	v.lock = nil
	return err
}
