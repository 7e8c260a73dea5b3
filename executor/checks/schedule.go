package checks

import (
	"context"
	"fmt"
	"time"
)

// schedule decides when one check runs. It belongs to the owner's goroutine; a
// nil one never does anything. At most one run is in flight.
type schedule struct {
	check  Check
	probe  probe
	first  time.Time          // no run before it
	timer  <-chan time.Time   // the next run; nil: not armed
	flight <-chan answer      // nil: no run
	cancel context.CancelFunc // of the flight
	paused bool
	// dropped says that the run in flight was given up: its answer tells nothing.
	dropped bool
}

// answer is how a run ended. err nil means well.
type answer struct {
	seen Outcome
	err  error
}

func newSchedule(c Check, p probe) *schedule {
	s := &schedule{check: c, probe: p, first: time.Now().Add(c.Delay)}
	s.arm(c.Delay)
	return s
}

func (s *schedule) arm(d time.Duration) { s.timer = time.After(d) }

func (s *schedule) due() <-chan time.Time {
	if s == nil {
		return nil
	}
	return s.timer
}

func (s *schedule) answered() <-chan answer {
	if s == nil {
		return nil
	}
	return s.flight
}

// begin starts a run.
func (s *schedule) begin(ctx context.Context) {
	ctx, cancel := limited(ctx, s.check.Timeout)
	flight := make(chan answer, 1)
	s.timer, s.flight, s.cancel = nil, flight, cancel
	go func() { flight <- s.probe.once(ctx) }()
}

// limited is a context for one run. It tells no deadline: a dialer would keep it
// by itself, a moment earlier, and with an error of its own.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if timeout <= 0 {
		return ctx, func() { cancel(nil) }
	}
	timer := time.AfterFunc(timeout, func() { cancel(fmt.Errorf("no result within %v", timeout)) })
	return ctx, func() {
		timer.Stop()
		cancel(nil)
	}
}

// ended takes note of a run's end, and says whether its answer is of use.
func (s *schedule) ended() bool {
	useful := !s.dropped
	s.cancel()
	s.flight, s.dropped = nil, false
	switch {
	case s.paused:
	case useful:
		s.arm(max(s.check.Interval, MinInterval))
	default: // resumed meanwhile
		s.arm(time.Until(s.first))
	}
	return useful
}

// pause gives up the run in flight. It takes turns with resume.
func (s *schedule) pause() {
	if s == nil {
		return
	}
	s.paused, s.timer = true, nil
	if s.flight != nil {
		s.cancel()
		s.dropped = true
	}
}

// resume runs at once, or when the run that pause gave up has ended.
func (s *schedule) resume() {
	if s == nil {
		return
	}
	s.paused = false
	if s.flight == nil {
		s.arm(time.Until(s.first))
	}
}

// join waits for the run in flight, whose context has ended.
func (s *schedule) join() {
	if s != nil && s.flight != nil {
		s.cancel()
		<-s.flight
	}
}
