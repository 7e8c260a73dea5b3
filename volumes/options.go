package volumes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
)

// Options of one task's volumes. Recover and Finish need StateDir, Store,
// ReleaseTimeout, RemoveContainer and Log alone.
type Options struct {
	StateDir        string
	Store           Store
	Task, Framework string // for the journal, and for those who wait for this task
	Sandbox         string // absolute
	Lease           time.Duration
	AcquireTimeout  time.Duration // for all of Hold; a volume's own timeout replaces it
	ReleaseTimeout  time.Duration
	AbandonTimeout  time.Duration // for the undo of an acquire whose ctx has ended; 4 s at most, which 0 means
	DefaultSize     int64         // bytes, at creation
	// Mapped is for a task that runs in a container: where the container sees the
	// sandbox, an absolute path. Then container paths are the container's own.
	Mapped string
	// FinishEnv is the environment of the process that finishes what this one
	// leaves of a container when it dies: settings and what else Finish needs.
	FinishEnv []string
	// RemoveContainer kills and removes a container by name through the engine
	// behind a socket, and returns nil when the engine says that it is gone, or
	// that there is none. nil: what a dead executor left of a container is kept.
	RemoveContainer func(ctx context.Context, engine, name string) error
	Log             *zap.Logger
}

// check refuses what would only fail after something has been leased.
func (o Options) check(vols []Volume) error {
	switch {
	case o.Store == nil:
		return errors.New("hold volumes: no storage system is configured")
	case o.Lease <= 0 || o.AcquireTimeout <= 0 || o.ReleaseTimeout <= 0:
		return fmt.Errorf("hold volumes: lease %s, acquire timeout %s, release timeout %s: all must be positive",
			o.Lease, o.AcquireTimeout, o.ReleaseTimeout)
	case os.Geteuid() != 0:
		return fmt.Errorf("hold volumes: flocker-executor needs root for mounts and namespaces, and runs as user %d: run the Mesos agent as root, and the executor with user root", os.Geteuid())
	case !filepath.IsAbs(o.Sandbox):
		return fmt.Errorf("hold volumes: sandbox %q: must be absolute", o.Sandbox)
	}
	places := make([]Volume, len(vols))
	for i, v := range vols {
		if err := o.checkPlace(v); err != nil {
			return fmt.Errorf("label %s: path %q: %w", v.Label, v.Path, err)
		}
		places[i] = v
		places[i].Path = o.place(v)
	}
	return checkTogether(places)
}

// checkPlace refuses an absolute path that cannot be bound to: a bind mount
// needs a directory, and one around the sandbox would hide it.
func (o Options) checkPlace(v Volume) error {
	if o.Mapped != "" {
		return o.checkMapped(v)
	}
	if !filepath.IsAbs(v.Path) {
		return nil
	}
	if sandbox := filepath.Clean(o.Sandbox); sandbox == v.Path || inside(sandbox, v.Path) {
		return errors.New("it would hide the sandbox; a directory beside or below the sandbox is allowed")
	}
	info, err := os.Stat(v.Path)
	switch {
	case err != nil:
		return fmt.Errorf("an absolute path must exist on the node: %w", err)
	case !info.IsDir():
		return errors.New("an absolute path must be a directory on the node")
	}
	return nil
}

// place is the container path as an absolute path, by its letters alone.
func (o Options) place(v Volume) string {
	if filepath.IsAbs(v.Path) {
		return v.Path
	}
	return filepath.Join(cmp.Or(o.Mapped, o.Sandbox), v.Path)
}

// checkMapped is the same for a container, which has directories of its own.
func (o Options) checkMapped(v Volume) error {
	if place := o.place(v); place == o.Mapped || inside(o.Mapped, place) {
		return fmt.Errorf("it would hide the sandbox, which the container sees at %s; a directory beside or below it is allowed", o.Mapped)
	}
	return nil
}

// limit bounds a release; without a ReleaseTimeout ctx alone does.
func (o Options) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.ReleaseTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	return within(ctx, o.ReleaseTimeout)
}

// within is WithTimeout, with a cause that a person understands.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("not done within %s", d))
}

// outlive returns a context that ends d after ctx does. done ends it, and joins
// what waits for that.
func outlive(ctx context.Context, d time.Duration) (_ context.Context, done func()) {
	longer, end := context.WithCancelCause(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-ctx.Done():
		case <-longer.Done():
			return
		}
		select {
		case <-time.After(d):
			end(fmt.Errorf("not done within %s", d))
		case <-longer.Done():
		}
	}()
	return longer, func() {
		end(nil)
		<-over
	}
}

func (o Options) log() *zap.Logger {
	if o.Log == nil {
		return zap.NewNop()
	}
	return o.Log
}

// Progress says what Hold is waiting for.
type Progress struct {
	Volume  string // name of the dataset
	Dataset string // its id; "" until it is known
	State   string // as in "moving from node 2222…"
	Elapsed time.Duration
}

// Later is p after d, when nothing else has been reported.
func (p Progress) Later(d time.Duration) Progress {
	p.Elapsed += d
	return p
}

// String is the progress in one line, for a task status.
func (p Progress) String() string {
	return fmt.Sprintf("dataset %s is %s, %d s", p.Volume, p.State, int(p.Elapsed.Seconds()))
}
