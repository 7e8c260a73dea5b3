package checks_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// TestMain fails a run that leaves goroutines behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if stacks := left(before); code == 0 && stacks != "" {
		fmt.Fprintf(os.Stderr, "goroutines left behind:\n%s\n", stacks)
		code = 1
	}
	os.Exit(code)
}

// left is the stacks of more goroutines than before, or "" as soon as there are
// none: those of closed connections take a moment.
func left(before int) string {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for over := time.After(5 * time.Second); runtime.NumGoroutine() > before; {
		select {
		case <-tick.C:
		case <-over:
			stacks := make([]byte, 1<<16)
			return string(stacks[:runtime.Stack(stacks, true)])
		}
	}
	return ""
}

// run is how a scripted command behaves once.
type run struct {
	took time.Duration
	exit int
	err  error
}

// script is a command that behaves as written, run after run, and after the
// last one hangs until it is killed. It notes when each run began.
type script struct {
	runs   []run
	begun  []time.Time
	killed int
}

// command is what a script is called by; nothing executes it.
var command = checks.Check{Command: &checks.Command{Argv: []string{"is", "well"}}}

func (s *script) run(ctx context.Context, _ checks.Command) (int, error) {
	s.begun = append(s.begun, time.Now())
	var next run
	var took <-chan time.Time
	if n := len(s.begun); n <= len(s.runs) {
		next = s.runs[n-1]
		took = time.After(next.took)
	}
	select {
	case <-took:
		return next.exit, next.err
	case <-ctx.Done():
		s.killed++
		return 0, context.Cause(ctx)
	}
}

// timed makes command a check with times of its own.
func timed(delay, interval, timeout time.Duration) checks.Check {
	c := command
	c.Delay, c.Interval, c.Timeout = delay, interval, timeout
	return c
}

func start(t *testing.T, c checks.Config) *checks.Runner {
	t.Helper()
	c.Log = zaptest.NewLogger(t)
	r := checks.Start(t.Context(), c)
	t.Cleanup(r.Close)
	return r
}

// next is the next result, which comes within an hour.
func next(t *testing.T, r *checks.Runner) checks.Result {
	t.Helper()
	select {
	case got, open := <-r.Results():
		if !open {
			t.Fatal("no more results")
		}
		return got
	case <-time.After(time.Hour):
		t.Fatal("no result")
		return checks.Result{}
	}
}

func verdict(t *testing.T, r *checks.Runner) checks.Verdict {
	t.Helper()
	v := next(t, r).Health
	if v == nil {
		t.Fatal("an outcome, wanted a verdict")
	}
	return *v
}

func outcome(t *testing.T, r *checks.Runner) string {
	t.Helper()
	o := next(t, r).Check
	if o == nil {
		t.Fatal("a verdict, wanted an outcome")
	}
	return show(*o)
}

func show(o checks.Outcome) string {
	switch {
	case o.ExitCode != nil:
		return fmt.Sprint("exit ", *o.ExitCode)
	case o.StatusCode != nil:
		return fmt.Sprint("status ", *o.StatusCode)
	case o.Succeeded != nil:
		return fmt.Sprint("succeeded ", *o.Succeeded)
	}
	return "nothing"
}
