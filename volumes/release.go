package volumes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// Release ends the task if need be and gives every volume back. ctx bounds it,
// and so does ReleaseTimeout; it must not be the context that ended the task.
// Volumes are released side by side, so that one that cannot be does not hold up
// the rest. The error names what is left held and why; Release may then be
// called again, and goes on where it stopped; what is Pinned until then has its
// lease renewed. What is left when the process exits is recovery's.
//
// An error of syncfs is reported although nothing is left held.
func (h *Held) Release(ctx context.Context) error {
	h.releasing = true
	ctx, cancel := h.o.limit(ctx)
	defer cancel()
	h.unwatch()
	if err := h.Stop(ctx); err != nil {
		return fmt.Errorf("release volumes: %w%s", err, h.stillHeld())
	}
	h.container.unwatch(ctx)
	results := make(chan error, len(h.vols))
	for _, v := range h.vols {
		go func() {
			err := v.release(ctx, h.o.Store, h.journal)
			if err == nil {
				h.o.log().Info("volume released", v.fields()...)
			}
			results <- err
		}()
	}
	var err error
	for range h.vols {
		err = errors.Join(err, <-results)
	}
	for _, v := range h.vols {
		if v.lock != nil || v.noted {
			return err
		}
	}
	return errors.Join(err, h.close(ctx))
}

// close ends the run in the journal, and the keeper. Repeatable.
func (h *Held) close(ctx context.Context) error {
	var err error
	if h.run != nil {
		err = h.run.Close()
		h.run = nil
	}
	return errors.Join(err, h.dismissKeeper(ctx))
}

func (h *Held) stillHeld() string {
	var names []string
	for _, v := range h.vols {
		if v.noted {
			names = append(names, fmt.Sprintf("%s (%s)", v.Name, v.facts()))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; still held: " + strings.Join(names, ", ")
}

// release is the one undo of a volume: of a failed acquire, of a normal end, and
// of a dead run's entry. The guard is gone when it is called. Repeatable; what
// is done already is passed over.
func (v *holding) release(ctx context.Context, store Store, j *journal.Journal) error {
	if err := v.proveFree(ctx); err != nil {
		return v.kept(ctx, err)
	}
	failed, err := v.sync(ctx)
	if err != nil {
		return v.kept(ctx, err)
	}
	v.join(ctx)
	if err := v.unpin(ctx); err != nil {
		return v.kept(ctx, err)
	}
	if err := v.giveBack(ctx, store, j); err != nil {
		return v.kept(ctx, errors.Join(err, failed))
	}
	if err := v.unlock(); err != nil {
		return v.kept(ctx, errors.Join(err, failed))
	}
	if failed != nil {
		return v.fail(ctx, "write out", failed)
	}
	return nil
}

// kept says that the lease stays, for a person and for recovery.
func (v *holding) kept(ctx context.Context, err error) error {
	switch {
	case v.pin != nil && v.renewer != nil:
		return fmt.Errorf("%w; it stays pinned, and its lease is renewed, while its executor lives", v.fail(ctx, "release", err))
	case v.pin != nil:
		return fmt.Errorf("%w; it stays pinned while this process lives", v.fail(ctx, "release", err))
	}
	until := ""
	if t := v.entry.Record.LeaseUntil; !t.IsZero() {
		until = " until " + t.Format(time.RFC3339)
	}
	return fmt.Errorf("%w; its lease may last%s unless recovery returns it before", v.fail(ctx, "release", err), until)
}

// proveFree waits until no mount namespace but the storage agent's own can reach
// the dataset. Before it was held no task could. What cannot be told is looked
// for again: namespaces come and go.
func (v *holding) proveFree(ctx context.Context) error {
	if v.mount.Point == "" || v.entry.Stage != journal.Held {
		return nil
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		holders, err := mounts.Holders(v.mount)
		if err == nil && len(holders) == 0 {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("%v", holders)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it is not proved that nobody can reach it: %w: %w", err, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// sync writes everything out while the pin is open. failed is syncfs's verdict;
// err says that there is none yet. It cannot be cancelled: a repeated Release
// waits for the same one.
func (v *holding) sync(ctx context.Context) (failed, err error) {
	if v.pin == nil || v.entry.Stage != journal.Held {
		return nil, nil
	}
	if v.syncing == nil {
		v.syncing = syncFS(v.pin)
	}
	select {
	case failed := <-v.syncing:
		v.syncing = nil
		return failed, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("its data is not written out yet: %w", context.Cause(ctx))
	}
}

// syncFS does not wait for the end, which storage that is gone may never bring.
func syncFS(pin *os.File) chan error {
	done := make(chan error, 1)
	go func() {
		failpoint.Hit("sync.before")
		err := mounts.SyncFS(pin)
		failpoint.Hit("sync.after")
		done <- err
	}()
	return done
}

// unpin lets the storage agent unmount again. Repeatable.
func (v *holding) unpin(ctx context.Context) error {
	if v.pin == nil {
		return nil
	}
	failpoint.Hit("unpin.before")
	if v.dropCopy != nil {
		if err := v.dropCopy(ctx); err != nil {
			return err
		}
	}
	err := v.pin.Close()
	v.pin = nil
	failpoint.Hit("unpin.after")
	return err
}

// giveBack returns the lease and clears the journal. Repeatable.
func (v *holding) giveBack(ctx context.Context, store Store, j *journal.Journal) (err error) {
	if !v.noted {
		return nil
	}
	if v.entry.Stage != journal.Releasing {
		if v.entry, err = j.Move(v.entry, journal.Releasing); err != nil {
			return err
		}
	}
	failpoint.Hit("return.before")
	err = store.Return(ctx, v.entry.Record)
	failpoint.Hit("return.after")
	if err != nil {
		v.entry.Record.Certain = false
		return err
	}
	if err := j.Remove(v.entry); err != nil {
		return err
	}
	v.noted = false
	return nil
}
