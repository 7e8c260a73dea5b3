package volumes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/keep"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// container is a task in a container.
type container struct {
	body   Body
	keeper *keep.Keeper // nil when it could not be started; the watch's while there is one
	watch  *keeperWatch // nil when nothing is left of the container, or there is no keeper
	making *os.File     // says whether it is being made; the keeper has it, too
}

// StartContainer runs the task as a container with its volumes bound into it;
// Options.Mapped must be set. It is called once, instead of Start. The journal
// knows the container before it is made, and a process that outlives this one
// (package keep) sees to its end from before that until Release. Nothing starts
// unless the engine sees each dataset where this process does; and when it has
// started, each is looked at as the container sees it. When StartContainer fails
// the volumes are still held, and the container is removed, or the error says why
// it is not; when ctx has ended, which calls for haste, that is left to Release.
//
// Without volumes there is no journal, but the container ends with its executor
// all the same.
func (h *Held) StartContainer(ctx context.Context, b Body) (err error) {
	if err := h.look(); err != nil {
		return err
	}
	binds := h.binds()
	if err := seen(ctx, b.Engine(), h.vols); err != nil {
		return err
	}
	h.container = &container{body: b}
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = errors.Join(err, h.unstart(ctx))
		}
	}()
	if err := h.leaveKeeper(ctx); err != nil {
		return err
	}
	if err := h.name(ctx); err != nil {
		return err
	}
	failpoint.Hit("container.create.before")
	if err := h.container.create(ctx, binds); err != nil {
		return err
	}
	failpoint.Hit("container.create.after")
	return h.runContainer(ctx, binds)
}

// runContainer starts the container that has been made.
func (h *Held) runContainer(ctx context.Context, binds []BodyBind) error {
	for _, v := range h.vols {
		if err := h.settle(ctx, v, nil); err != nil {
			return v.fail(ctx, "start task with", err)
		}
	}
	if err := h.look(); err != nil {
		return err
	}
	if err := h.watch(ctx); err != nil {
		return err
	}
	failpoint.Hit("container.start.before")
	pid, err := h.container.body.Start(ctx)
	if err != nil {
		return err
	}
	failpoint.Hit("container.start.after")
	for i, v := range h.vols {
		if err := h.verify(pid, binds[i], v.mount); err != nil {
			return v.fail(ctx, "start task with", err)
		}
	}
	failpoint.Hit("container.verify.after")
	h.syncJournal()
	return nil
}

// name journals which container is about to use the datasets.
func (h *Held) name(ctx context.Context) error {
	for _, v := range h.vols {
		v.join(ctx)
		v.entry.Container, v.entry.Engine = h.container.body.Name(), h.container.body.Engine()
		err := h.write(v, v.entry.Record)
		h.keep(ctx, v)
		if err != nil {
			return v.fail(ctx, "start task with", err)
		}
	}
	return nil
}

func (h *Held) binds() []BodyBind {
	binds := make([]BodyBind, len(h.vols))
	for i, v := range h.vols {
		binds[i] = BodyBind{
			Volume: v.Name, Dataset: v.entry.Record.Dataset,
			Source: v.mount.Point, Path: h.o.place(v.Volume), Device: v.mount.Device, ReadOnly: v.ReadOnly,
		}
	}
	return binds
}

// verify compares what the container's first process finds with what was to be
// bound. One that has ended already can no longer be asked: that its engine saw
// the dataset has to do then.
func (h *Held) verify(pid int, b BodyBind, m mounts.Mount) error {
	v, err := mounts.ViewOf(pid, b.Path)
	switch {
	case err != nil:
	case v.Device != b.Device || v.Subtree != m.Subtree:
		return fmt.Errorf("%s in the container is another filesystem than the dataset: device %#x, expected %#x", b.Path, v.Device, b.Device)
	case b.ReadOnly && !v.ReadOnly:
		return fmt.Errorf("%s in the container is writable, and was to be read-only", b.Path)
	default:
		err = h.verifyInside(pid, b, v.Inside)
	}
	if errors.Is(err, mounts.ErrEnded) {
		h.o.log().Info("the container ended before its mounts could be looked at", zap.String("path", b.Path))
		return nil
	}
	return err
}

// verifyInside looks for what else the engine has mounted in a dataset, through a
// link of the image as a rule. A container that may mount may have done it itself,
// and what it mounts is its own affair.
func (h *Held) verifyInside(pid int, b BodyBind, inside []mounts.Inner) error {
	for _, i := range inside {
		if slices.ContainsFunc(h.vols, func(v *holding) bool { return v.mount.Device == i.Device && v.mount.Subtree == i.Subtree }) {
			continue
		}
		may, err := mounts.MayMount(pid)
		if err != nil {
			return err
		}
		if !may {
			return fmt.Errorf("%s in the container has something else mounted inside, at %s: what is written there would not be in the dataset; "+
				"no other volume, and nothing of the engine's own as /etc/hosts, may lead into it, also not through a link of the image", b.Path, i.Point)
		}
		h.o.log().Info("something is mounted in the dataset, perhaps by the task itself, which has CAP_SYS_ADMIN", zap.String("path", b.Path), zap.String("at", i.Point))
	}
	return nil
}

// removeContainer is Stop for a container.
func (h *Held) removeContainer(ctx context.Context) error {
	if h.container == nil {
		return nil
	}
	failpoint.Hit("container.remove.before")
	if err := h.container.body.Remove(ctx); err != nil {
		return err
	}
	failpoint.Hit("container.remove.after")
	return nil
}
