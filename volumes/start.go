package volumes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// Start runs the task with its volumes bound into its view. Each is looked at
// again before it is bound and once more before the task's first instruction:
// nothing is ever written to what is not a live mount of that dataset. When it
// fails no process of the task is left; the volumes are still held.
func (h *Held) Start(ctx context.Context, t guard.Task) (err error) {
	if err := h.look(); err != nil {
		return err
	}
	if err := h.bind(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.unstart(ctx))
		}
	}()
	id := journal.Process(h.guard.Identity())
	for _, v := range h.vols {
		if err := h.settle(ctx, v, &id); err != nil {
			return v.fail(ctx, "start task with", err)
		}
	}
	if err := h.look(); err != nil {
		return err
	}
	if err := h.watch(ctx); err != nil {
		return err
	}
	if err := h.guard.Run(ctx, t); err != nil {
		return err
	}
	h.syncJournal()
	return nil
}

// launch starts the guard while the volumes are on their way, so that the task
// starts sooner when they are there: forking a process and making namespaces
// takes longer than the rest. The guard holds nothing yet. That it cannot be
// launched is Start's to say.
func (h *Held) launch(ctx context.Context) {
	if h.early != nil || h.o.Mapped != "" {
		return
	}
	early, err := guard.Launch(ctx, h.o.Sandbox)
	if err != nil {
		h.o.log().Debug("guard not launched early", zap.Error(err))
		return
	}
	h.early = early
}

// bind has the guard bind the volumes. When it fails no guard is left.
func (h *Held) bind(ctx context.Context) error {
	g := h.early
	if h.early = nil; g == nil {
		var err error
		if g, err = guard.Launch(ctx, h.o.Sandbox); err != nil {
			return err
		}
	}
	if err := g.Bind(ctx, h.plan()); err != nil {
		return err
	}
	h.guard = g
	return nil
}

// syncJournal is done when the task runs, so that its first instruction does not
// wait for a disk. Whoever must know of the guard is of the same boot. A journal
// that cannot be synced is no reason to end a task: renewals write it again.
func (h *Held) syncJournal() {
	for _, v := range h.vols {
		if err := h.journal.Sync(v.entry); err != nil {
			h.o.log().Warn("journal not synced", zap.String("volume", v.Name), zap.Error(err))
		}
	}
}

// unstart is the undo of Start.
func (h *Held) unstart(ctx context.Context) error {
	h.unwatch()
	ctx, cancel := h.o.limit(context.WithoutCancel(ctx))
	defer cancel()
	return h.Stop(ctx)
}

// look checks that the mounts are still the ones that were pinned.
func (h *Held) look() error {
	for _, v := range h.vols {
		m, found, err := mounts.Find(v.entry.Record.Dataset)
		switch {
		case err != nil:
			return fmt.Errorf("look at volume %s (%s): %w", v.Name, v.facts(), err)
		case !found || m != v.mount:
			return fmt.Errorf("look at volume %s (%s): its mount %s is gone or replaced", v.Name, v.facts(), v.mount.Point)
		}
	}
	return nil
}

// plan is what the guard binds, detaches and inherits.
func (h *Held) plan() guard.Config {
	c := guard.Config{Sandbox: h.o.Sandbox}
	for _, v := range h.vols {
		c.Binds = append(c.Binds, guard.Bind{Source: v.mount.Point, Device: v.mount.Device, Path: v.Path, ReadOnly: v.ReadOnly})
		if !slices.Contains(c.Roots, v.mount.Root) {
			c.Roots = append(c.Roots, v.mount.Root)
		}
		c.Keep = append(c.Keep, v.pin, v.lock.File())
	}
	return c
}

// settle journals that v is held, and by which guard if by any, so that recovery
// can wait for its end. Until here a release puts the dataset back where it was; from now
// on it stays on this node. A write that fails leaves all but the entry's place
// as it was, for the release.
func (h *Held) settle(ctx context.Context, v *holding, g *journal.Process) (err error) {
	v.join(ctx)
	defer h.keep(ctx, v)
	held := v.entry
	held.Guard = g
	held.Mount = &journal.Mount{Point: v.mount.Point, Device: v.mount.Device, Subtree: v.mount.Subtree}
	held.Record.PreviousPrimary = ""
	if held, err = h.journal.Promote(held, journal.Held); err != nil {
		v.entry.Stage = held.Stage
		return err
	}
	v.entry = held
	return nil
}
