package checks_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
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

// goroutinesOf is the stacks of those goroutines that are in one of these
// functions.
func goroutinesOf(functions ...string) string {
	stacks := make([]byte, 1<<20)
	var found []string
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if slices.ContainsFunc(functions, func(f string) bool { return strings.Contains(stack, f) }) {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
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
	case got := <-r.Results():
		return got
	case <-time.After(time.Hour):
		t.Fatal("no result")
		return checks.Result{}
	}
}

// noNews fails the test when something is to be read.
func noNews(t *testing.T, r *checks.Runner) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-r.Results():
		t.Errorf("%+v is no news", got)
	default:
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

// both runs one check as check and as health check, once, and returns what they
// say: "nothing" is an outcome that is told by the log alone.
func both(t *testing.T, c checks.Check) (string, checks.Verdict) {
	t.Helper()
	c.Interval = time.Hour
	empty := make(chan struct{})
	log := zaptest.NewLogger(t, zaptest.WrapOptions(zap.Hooks(func(e zapcore.Entry) error {
		if e.Message == "check failed" {
			close(empty)
		}
		return nil
	})))
	check := checks.Start(t.Context(), checks.Config{Check: &c, Log: log})
	defer check.Close()
	health := checks.Start(t.Context(), checks.Config{Health: &checks.Health{Check: c}, Log: log})
	defer health.Close()
	v := verdict(t, health)
	select {
	case got := <-check.Results():
		return show(*got.Check), v
	case <-empty:
		return "nothing", v
	}
}
