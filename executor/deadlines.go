package executor

import (
	"context"
	"errors"
	"time"
)

// What remains of the shutdown grace period T for what: SIGKILL at T − 2 s, the
// release until T − 0.5 s, then the terminal status; the process is gone at T.
const (
	killBefore    = 2 * time.Second
	releaseBefore = 500 * time.Millisecond
	reportBefore  = 100 * time.Millisecond
)

var errGraceOver = errors.New("the shutdown grace period is over")

// deadlines are the contexts of the end of all tasks. Nothing but a shutdown
// shortens them.
type deadlines struct {
	options Options
	release context.Context
	report  context.Context
	cancel  [2]context.CancelCauseFunc
	timers  []*time.Timer
}

func newDeadlines(ctx context.Context, o Options) *deadlines {
	d := &deadlines{options: o}
	d.release, d.cancel[0] = context.WithCancelCause(ctx)
	d.report, d.cancel[1] = context.WithCancelCause(ctx)
	return d
}

// shutdown starts the clocks; a second one would only be later. Its one caller
// is the listener's goroutine.
func (d *deadlines) shutdown(now time.Time) {
	if d.timers != nil {
		return
	}
	end := now.Add(d.options.Environment.ShutdownGrace)
	at := func(before time.Duration, f func()) {
		d.timers = append(d.timers, time.AfterFunc(time.Until(end.Add(-before)), f))
	}
	at(releaseBefore, func() { d.cancel[0](errGraceOver) })
	at(reportBefore, func() { d.cancel[1](errGraceOver) })
	at(0, d.options.Abandon)
}

// close stops the clocks.
func (d *deadlines) close() {
	for _, t := range d.timers {
		t.Stop()
	}
	for _, cancel := range d.cancel {
		cancel(nil)
	}
}
