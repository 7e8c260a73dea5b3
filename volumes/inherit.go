package volumes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
	"github.com/mesos-flocker/flocker-executor/volumes/keep"
)

// Pauses between two attempts to finish.
const (
	firstRetry = 500 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Finish does what a dead executor has left to do for a task in a container. It is
// for the process that the executor's keeper has started (argument 0 is
// keep.FinishName), with its only argument, and may be called once. The container
// is removed first; then each dataset is released as Held.Release does it. It goes
// on until all is done or ctx ends, however long engine or storage system are
// away: meanwhile the pins keep the datasets on this node, whatever becomes of
// their leases.
func Finish(ctx context.Context, o Options, argument string) error {
	var b bequest
	if err := json.Unmarshal([]byte(argument), &b); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	files := b.files()
	o.log().Info("the executor is dead; removing its container", zap.String("container", b.Container))
	err := o.persist(ctx, func(ctx context.Context) error { return o.remove(ctx, b.Engine, b.Container) })
	if err == nil && b.Run != "" {
		err = b.release(ctx, o, files)
	}
	if err == nil {
		err = b.removeLate(ctx, o, files[stateFile])
	}
	if err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	o.log().Info("the dead executor's container is removed, and its volumes are given back", zap.String("container", b.Container))
	return nil
}

// files are the descriptors that the keeper had.
func (b bequest) files() []*os.File {
	last := stateFile
	if b.Run != "" {
		last = pinFile(len(b.Datasets) - 1)
	}
	var files []*os.File
	for n := range last + 1 {
		fd := keep.FirstFile + n
		unix.CloseOnExec(fd)
		files = append(files, os.NewFile(uintptr(fd), fmt.Sprintf("inherited file %d", n)))
	}
	return files
}

// release gives back what the journal says of the run, side by side.
func (b bequest) release(ctx context.Context, o Options, files []*os.File) error {
	j, err := journal.Open(o.StateDir)
	if err != nil {
		return err
	}
	run, err := j.InheritRun(b.Run, files[runFile])
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	left, err := b.inherit(j, o, files)
	results := make(chan error, len(left))
	for _, v := range left {
		go func() { results <- o.persist(ctx, func(ctx context.Context) error { return v.finish(ctx, o, j) }) }()
	}
	for range left {
		err = errors.Join(err, <-results)
	}
	return errors.Join(err, run.Close())
}

// inherit takes over the datasets that the journal still has. One whose lock
// somebody else has by now is theirs to finish.
func (b bequest) inherit(j *journal.Journal, o Options, files []*os.File) ([]*holding, error) {
	self, err := thisProcess()
	if err != nil {
		return nil, err
	}
	var left []*holding
	for i, dataset := range b.Datasets {
		lock, err := j.InheritLock(dataset, files[lockFile(i)], journal.Owner{Process: self})
		if err != nil {
			o.log().Info("not taken over", zap.String("dataset", dataset), zap.Error(err))
			_ = files[pinFile(i)].Close() // only read
			continue
		}
		left = append(left, &holding{lock: lock, pin: files[pinFile(i)], entry: journal.Entry{Record: Record{Dataset: dataset}}})
	}
	scan, err := j.Entries(b.Run)
	for _, broken := range scan.Broken {
		o.log().Warn("journal entry cannot be read; recovery sets it aside", zap.String("path", broken.Path), zap.Error(broken.Err))
	}
	for _, v := range left {
		for _, e := range scan.Entries {
			if e.Record.Dataset == v.entry.Record.Dataset {
				v.Volume, v.entry, v.noted = Volume{Name: e.Record.Name, Label: e.Label, Path: e.Path}, e, true
			}
		}
	}
	return left, err
}

// finish releases v for its dead executor. Repeatable.
func (v *holding) finish(ctx context.Context, o Options, j *journal.Journal) (err error) {
	if v.noted && v.mount.Point == "" {
		if v.mount, err = lastMount(v.entry); err != nil {
			return v.kept(ctx, err)
		}
	}
	if err := v.release(ctx, o.Store, j); err != nil {
		return err
	}
	o.log().Info("volume released", v.fields()...)
	return nil
}

// persist tries until it succeeds or ctx ends.
func (o Options) persist(ctx context.Context, try func(context.Context) error) error {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		limited, cancel := o.limit(ctx)
		err := try(limited)
		cancel()
		if err == nil {
			return nil
		}
		pause := jitter(wait)
		o.log().Warn("not finished yet; trying again", zap.Duration("in", pause), zap.Error(err))
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// remove removes a dead executor's container.
func (o Options) remove(ctx context.Context, engine, name string) error {
	err := errors.New("this program was not told how")
	if o.RemoveContainer != nil {
		err = o.RemoveContainer(ctx, engine, name)
	}
	if err != nil {
		return fmt.Errorf("remove container %s through %s: %w", name, engine, err)
	}
	return nil
}

// removeLeft removes the container that a dead run's entry names, before anything
// else: only then can its processes be proved gone. When the release has begun
// that was done. No container outlives its machine's boot: none is made that
// starts by itself.
func removeLeft(ctx context.Context, o Options, e journal.Entry) error {
	if e.Container == "" || e.Stage == journal.Releasing {
		return nil
	}
	boot, err := bootID()
	if err != nil {
		return err
	}
	err = o.remove(ctx, e.Engine, e.Container)
	if err != nil && e.Boot != boot {
		o.log().Warn("what is left of a container since the last boot is not removed", zap.Error(err))
		return nil
	}
	return err
}
