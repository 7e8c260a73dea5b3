package volumes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// Held is the volumes of one task, and the task itself once it is started. One
// goroutine owns it; Signal and Stop may be called from others after Start has
// returned. Whoever has a Held calls Release until it returns nil or nothing is
// Pinned; what is left then when the process exits is recovery's.
type Held struct {
	o       Options
	journal *journal.Journal
	run     *journal.Run // nil when there are no volumes
	vols    []*holding
	early   *guard.Guard // launched while the volumes are on their way, until Start
	guard   *guard.Guard // nil until Start
	watcher *watcher     // nil unless the task runs
	// container is the task instead of a guard, from the first step of
	// StartContainer on.
	container *container
	report    func(Progress)

	releasing bool // Release was called

	lost chan error // capacity 1
	once sync.Once  // of lost
	// abort ends an acquire that is under way. Without effect afterwards.
	abort context.CancelCauseFunc
}

// holding is one volume on its way. Its renewer works on copies, so that one
// goroutine owns it at any time: Hold's, Start's, then Release's.
type holding struct {
	Volume
	began   time.Time
	timeout time.Duration
	state   string // last one seen

	lock    *journal.Lock
	entry   journal.Entry // newest, with the newest Record
	noted   bool          // the entry is on disk
	renewAt time.Time
	renewer *renewer // nil unless it runs

	mount   mounts.Mount
	pin     *os.File
	syncing chan error // of a syncfs under way; it cannot be cancelled
	// dropCopy closes the copy of the pin that another process has; nil when none
	// does.
	dropCopy func(context.Context) error
}

// Signal sends sig to every process of the task; of a container, to the first.
func (h *Held) Signal(sig syscall.Signal) error {
	if h.container != nil {
		return h.container.body.Signal(sig)
	}
	if h.guard == nil {
		return fmt.Errorf("signal task: %w", os.ErrProcessDone)
	}
	return h.guard.Signal(sig)
}

// Exec runs a command beside the task, with the task's view of its volumes, as
// guard.Guard.Exec promises. In a container that is its engine's to do.
func (h *Held) Exec(ctx context.Context, t guard.Task) (syscall.WaitStatus, error) {
	if h.guard == nil {
		return 0, errors.New("run a command beside the task: the task has not been started")
	}
	return h.guard.Exec(ctx, t)
}

// Exited delivers the wait status of the task's first process, once, or is
// closed without one when the guard died or it cannot be learned. It blocks for
// ever before Start.
func (h *Held) Exited() <-chan syscall.WaitStatus {
	if h.container != nil {
		return h.container.body.Exited()
	}
	if h.guard == nil {
		return nil
	}
	return h.guard.Exited()
}

// Lost delivers at most one error: a volume is no longer this task's, because
// another has its lease or its mount is gone. The task must be stopped then. It
// is never told that the control service is away: the pin keeps the dataset.
func (h *Held) Lost() <-chan error { return h.lost }

// lose reports the first loss, and ends an acquire.
func (h *Held) lose(err error) {
	h.once.Do(func() {
		h.abort(err)
		h.lost <- err
	})
}

// Stop kills every process of the task and returns when its guard is reaped, or
// its container removed. Repeatable.
func (h *Held) Stop(ctx context.Context) error {
	for _, g := range []*guard.Guard{h.early, h.guard} {
		if g == nil {
			continue
		}
		if err := g.Stop(ctx); err != nil {
			return err
		}
	}
	return h.removeContainer(ctx)
}

// Pinned says, after a Release, that a volume may not leave this node yet: it is
// not proved that nobody can write to it, or not all is written out. Its lease
// goes on being renewed. Whoever is told so calls Release again and lives on
// until then: with the process go the pin and the renewals.
func (h *Held) Pinned() bool {
	return slices.ContainsFunc(h.vols, func(v *holding) bool { return v.pin != nil })
}

// tell remembers the state of v and reports it.
func (h *Held) tell(v *holding, state string) {
	v.state = state
	if h.report != nil {
		h.report(Progress{Volume: v.Name, Dataset: v.entry.Record.Dataset, State: state, Elapsed: time.Since(v.began)})
	}
}

// fail says which volume an operation failed for, and all that is known of it.
func (v *holding) fail(ctx context.Context, op string, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return fmt.Errorf("%s volume %s (%s): %w", op, v.Name, v.facts(), err)
}

// facts are what is known of v: before its lease was asked for that is little.
func (v *holding) facts() string {
	facts := "label " + v.Label
	if r := v.entry.Record; r.Dataset != "" {
		facts += fmt.Sprintf(", dataset %s, node %s", r.Dataset, r.Node)
	}
	if !v.began.IsZero() {
		facts += fmt.Sprintf(", after %s", time.Since(v.began).Round(time.Millisecond))
	}
	if v.state != "" {
		facts += ", last seen: " + v.state
	}
	return facts
}

func (v *holding) fields() []zap.Field {
	return []zap.Field{
		zap.String("volume", v.Name), zap.String("dataset", v.entry.Record.Dataset), zap.String("node", v.entry.Record.Node),
	}
}
