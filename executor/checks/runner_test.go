package checks_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

func TestNothingToRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, checks.Config{})
		r.Pause()
		r.Resume()
		r.Close()
		noNews(t, r)
	})
}

// Close joins a hanging run, whose context it ends, and may be called at any
// time and again; so may Pause and Resume after it.
func TestCloseJoinsARunInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int32
		check := timed(0, 0, 0)
		r := start(t, checks.Config{Check: &check, Health: &checks.Health{Check: check}, Run: func(ctx context.Context, _ checks.Command) (int, error) {
			<-ctx.Done()
			<-time.After(time.Second)
			ended.Add(1)
			return 0, ctx.Err()
		}})
		synctest.Wait()
		r.Close()
		if n := ended.Load(); n != 2 {
			t.Errorf("%d runs ended, wanted 2", n)
		}
		r.Pause()
		r.Resume()
		r.Close()
	})
}

// A run that pause gave up may take its time to end: the next one waits for it.
func TestResumeWaitsForTheRunGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most, runs atomic.Int32
		check := timed(0, 0, 0)
		r := start(t, checks.Config{Check: &check, Run: func(ctx context.Context, _ checks.Command) (int, error) {
			runs.Add(1)
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			<-ctx.Done()
			<-time.After(time.Second)
			return 0, ctx.Err()
		}})
		for range 3 {
			synctest.Wait()
			r.Pause()
			r.Resume()
			<-time.After(2 * time.Second)
		}
		synctest.Wait()
		if n := most.Load(); n != 1 {
			t.Errorf("%d runs at once", n)
		}
		if n := runs.Load(); n != 4 {
			t.Errorf("%d runs, wanted one more than pauses", n)
		}
	})
}

func TestEndOfContextEndsTheRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &script{}
		check := timed(0, 0, 0)
		r := checks.Start(ctx, checks.Config{Check: &check, Run: s.run, Log: zaptest.NewLogger(t)})
		defer r.Close()
		synctest.Wait()
		cancel()
		noNews(t, r)
		if s.killed != 1 {
			t.Errorf("%d runs ended, wanted 1", s.killed)
		}
	})
}

// A reader that comes late finds every verdict in order, and of the outcomes
// the last; none when it knows that one.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		check := timed(0, time.Second, 0)
		seen := &script{runs: []run{{exit: 1}, {exit: 2}, {exit: 3}}}
		r := start(t, checks.Config{Check: &check, Run: seen.run})
		health := &script{runs: []run{{exit: 1}, {exit: 1}, {exit: 0}, {exit: 1}}}
		h := start(t, checks.Config{Health: &checks.Health{Check: check, Failures: 2}, Run: health.run})
		<-time.After(time.Hour)
		if got := outcome(t, r); got != "exit 3" {
			t.Errorf("%s, wanted exit 3", got)
		}
		for i, want := range []checks.Verdict{{}, {Kill: true}, {Healthy: true}, {}} {
			if v := verdict(t, h); v.Healthy != want.Healthy || v.Kill != want.Kill {
				t.Errorf("verdict %d is %+v, wanted %+v", i, v, want)
			}
		}
	})
}

func TestOutcomesTheReaderKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		check := timed(0, time.Second, 2*time.Second)
		s := &script{runs: []run{{took: time.Hour}, {exit: 1}, {exit: 1}, {exit: 2}, {exit: 1}, {exit: 3}}}
		r := start(t, checks.Config{Check: &check, Run: s.run})
		if got := outcome(t, r); got != "exit 1" { // the first one is empty, as known
			t.Errorf("%s, wanted exit 1", got)
		}
		<-time.After(3500 * time.Millisecond) // 1, 2, 1 meanwhile
		noNews(t, r)
		if got := outcome(t, r); got != "exit 3" {
			t.Errorf("%s, wanted exit 3", got)
		}
	})
}
