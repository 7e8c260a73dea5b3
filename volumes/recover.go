package volumes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// guardEnd is how long a guard may outlive its executor; 2 to 8 ms were seen.
const guardEnd = 250 * time.Millisecond

// Recover releases what dead executors of this node have left in the journal.
// It takes only run folders and dataset locks that nobody alive has, so it may
// run beside living executors and beside itself, and leaves alone what
// another node or another control service has to return. Files that cannot be
// read are set aside. With dryRun it changes nothing and says what it would do.
//
// The error joins what went wrong; the Report is complete also then.
func Recover(ctx context.Context, o Options, dryRun bool) (Report, error) {
	j, err := journal.Open(o.StateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return Report{}, nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("recover: %w", err)
	}
	runs, err := j.Runs()
	if err != nil {
		return Report{}, fmt.Errorf("recover: %w", err)
	}
	r := recovery{o: o, journal: j, dryRun: dryRun}
	for _, name := range runs {
		if err = ctx.Err(); err == nil {
			err = r.run(ctx, name)
		}
		if err != nil {
			r.errs = append(r.errs, fmt.Errorf("recover run %s: %w", name, err))
		}
	}
	return r.report, errors.Join(r.errs...)
}

// recovery is one pass over the journal.
type recovery struct {
	o             Options
	journal       *journal.Journal
	dryRun        bool
	node, service string // "" until they are needed
	unknown       error  // why they cannot be found out
	report        Report
	errs          []error
}

func (r *recovery) run(ctx context.Context, name string) error {
	run, err := r.journal.TakeRun(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if errors.Is(err, journal.ErrLocked) {
		r.report.Alive++
		return nil
	}
	if err != nil {
		return err
	}
	scan, err := r.journal.Entries(name)
	for _, b := range scan.Broken {
		r.broken(b)
	}
	for _, e := range scan.Entries {
		r.entry(ctx, e)
	}
	if r.dryRun {
		return errors.Join(err, run.Leave())
	}
	return errors.Join(err, run.Close())
}

// broken sets a file aside, unless a newer version can read it.
func (r *recovery) broken(b journal.Broken) {
	switch {
	case errors.Is(b.Err, journal.ErrNewer):
		r.report.add(b.Path, Kept, b.Err.Error())
	case r.dryRun:
		r.report.add(b.Path, SetAside, "cannot be read: "+b.Err.Error())
	default:
		aside, err := r.journal.SetAside(b)
		if err != nil {
			r.keep(b.Path, err)
			return
		}
		r.report.add(b.Path, SetAside, fmt.Sprintf("cannot be read: %v; it is %s now, and the lease it was about expires by itself", b.Err, aside))
	}
}

// entry releases what one entry says.
func (r *recovery) entry(ctx context.Context, e journal.Entry) {
	if err := r.identity(ctx); err != nil {
		r.keep(e.String(), err)
		return
	}
	if e.Record.Node != r.node || e.Record.Service != r.service {
		r.report.add(e.String(), Kept, fmt.Sprintf("it is for node %s of %s; this is node %s of %s",
			e.Record.Node, e.Record.Service, r.node, r.service))
		return
	}
	lock, err := r.lock(ctx, e.Record.Dataset)
	if errors.Is(err, journal.ErrLocked) {
		r.report.add(e.String(), Kept, "its dataset is in use by "+r.journal.Holder(e.Record.Dataset))
		return
	}
	if err != nil {
		r.keep(e.String(), err)
		return
	}
	if err := errors.Join(r.finish(ctx, e), lock.Close()); err != nil {
		r.keep(e.String(), err)
	}
}

// lock gives a dead executor's guard, which shares the lock, the moment that it
// needs to die. A living task of the dataset finishes the entry itself.
// A dry run makes no lock: one that is not there, nobody has.
func (r *recovery) lock(ctx context.Context, dataset string) (*journal.Lock, error) {
	if r.dryRun {
		if there, err := r.journal.EverLocked(dataset); err != nil || !there {
			return nil, err
		}
	}
	self, err := thisProcess()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, guardEnd)
	defer cancel()
	return r.journal.Lock(ctx, dataset, journal.Owner{Process: self}, nil)
}

// finish reads the entry again, since somebody else may have had its lock.
func (r *recovery) finish(ctx context.Context, e journal.Entry) error {
	scan, err := r.journal.Of(e.Record.Dataset)
	if err != nil {
		return err
	}
	for _, now := range scan.Entries {
		if now.Run != e.Run {
			continue
		}
		if !r.dryRun {
			if err := finish(ctx, r.o, r.journal, now); err != nil {
				return err
			}
		}
		r.report.add(now.String(), Returned, fmt.Sprintf("dataset %s, node %s", now.Record.Dataset, now.Record.Node))
	}
	return nil
}

// identity finds out for whom leases may be returned. It asks once: without an
// answer nothing can be done for any entry.
func (r *recovery) identity(ctx context.Context) error {
	if r.node != "" || r.unknown != nil {
		return r.unknown
	}
	who, ok := r.o.Store.(Identifier)
	if !ok {
		return errors.New("the storage system does not say which node this is")
	}
	ctx, cancel := r.o.limit(ctx)
	defer cancel()
	r.node, r.service, r.unknown = who.Identity(ctx)
	return r.unknown
}

func (r *recovery) keep(what string, err error) {
	r.report.add(what, Kept, err.Error())
	r.errs = append(r.errs, fmt.Errorf("recover %s: %w", what, err))
}

// finish releases what a dead run's entry says; whoever calls it has the lock of
// the entry's dataset.
func finish(ctx context.Context, o Options, j *journal.Journal, e journal.Entry) error {
	ctx, cancel := o.limit(ctx)
	defer cancel()
	v := &holding{Volume: Volume{Name: e.Record.Name, Label: e.Label, Path: e.Path}, entry: e, noted: true}
	if err := removeLeft(ctx, o, e); err != nil {
		return v.kept(ctx, err)
	}
	if err := awaitEnd(ctx, e); err != nil {
		return v.kept(ctx, err)
	}
	var err error
	if v.mount, err = lastMount(e); err != nil {
		return v.kept(ctx, err)
	}
	return errors.Join(v.release(ctx, o.Store, j), j.Tidy(e.Run))
}

// lastMount is where somebody may still reach the entry's dataset: its mount, or
// the device that it was on. The zero Mount when there is nothing to look for,
// because no task has come to run, or the device is another dataset's by now.
func lastMount(e journal.Entry) (mounts.Mount, error) {
	if e.Stage != journal.Held {
		return mounts.Mount{}, nil
	}
	m, found, err := mounts.Find(e.Record.Dataset)
	if err != nil || found {
		return m, err
	}
	boot, err := bootID()
	if err != nil || e.Mount == nil || e.Boot != boot {
		return mounts.Mount{}, err
	}
	table, err := mounts.Table()
	if err != nil {
		return mounts.Mount{}, err
	}
	for _, i := range table {
		if mounts.Device(i) == e.Mount.Device {
			return mounts.Mount{}, nil
		}
	}
	return mounts.Mount{Point: e.Mount.Point, Device: e.Mount.Device, Subtree: e.Mount.Subtree}, nil
}
