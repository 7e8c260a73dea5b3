package checks_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// began asserts when a script's runs began, counted from start.
func began(t *testing.T, s *script, start time.Time, want ...time.Duration) {
	t.Helper()
	var got []time.Duration
	for _, at := range s.begun {
		got = append(got, at.Sub(start))
	}
	if !slices.Equal(got, want) {
		t.Errorf("runs began after %v, wanted %v", got, want)
	}
}

func TestFirstAfterDelayThenIntervalAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{runs: []run{{took: 3 * time.Second}, {took: time.Second, exit: 1}, {took: time.Second}}}
		check := timed(15*time.Second, 10*time.Second, 0)
		r := start(t, checks.Config{Check: &check, Run: s.run})
		for _, want := range []string{"exit 0", "exit 1", "exit 0"} {
			if got := outcome(t, r); got != want {
				t.Errorf("%s, wanted %s", got, want)
			}
		}
		began(t, s, begin, 15*time.Second, 28*time.Second, 39*time.Second)
	})
}

func TestNoDelayAndNoIntervalDoNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{runs: make([]run, 3)}
		check := timed(0, 0, 0)
		start(t, checks.Config{Check: &check, Run: s.run})
		<-time.After(10 * checks.MinInterval)
		synctest.Wait()
		began(t, s, begin, 0, checks.MinInterval, 2*checks.MinInterval, 3*checks.MinInterval)
	})
}

func TestTimeoutEndsARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{runs: []run{{took: time.Second}, {took: time.Hour}}}
		check := timed(0, 10*time.Second, 20*time.Second)
		r := start(t, checks.Config{Check: &check, Run: s.run})
		if got := outcome(t, r); got != "exit 0" {
			t.Errorf("%s, wanted exit 0", got)
		}
		if got := outcome(t, r); got != "nothing" {
			t.Errorf("%s, wanted nothing", got)
		}
		if took := time.Since(begin); took != 31*time.Second {
			t.Errorf("timed out after %v, wanted 31s", took)
		}
		r.Close()
		if s.killed != 1 {
			t.Errorf("%d runs killed, wanted 1", s.killed)
		}
	})
}

func TestNoTimeoutWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{runs: []run{{took: 10 * time.Minute, exit: 7}}}
		check := timed(0, 0, 0)
		if got := outcome(t, start(t, checks.Config{Check: &check, Run: s.run})); got != "exit 7" {
			t.Errorf("%s, wanted exit 7", got)
		}
	})
}

// A hanging check does not hold up the health check beside it.
func TestCheckAndHealthCheckAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs, well := &script{}, &script{runs: make([]run, 1)}
		check, health := timed(0, 0, 0), timed(time.Second, 0, 0)
		health.Command = &checks.Command{Argv: []string{"health"}}
		r := start(t, checks.Config{Check: &check, Health: &checks.Health{Check: health}, Run: func(ctx context.Context, c checks.Command) (int, error) {
			if c.Argv[0] == "health" {
				return well.run(ctx, c)
			}
			return hangs.run(ctx, c)
		}})
		if v := verdict(t, r); !v.Healthy {
			t.Errorf("%+v, wanted healthy", v)
		}
		r.Close()
		if len(hangs.begun) != 1 || hangs.killed != 1 {
			t.Errorf("%d runs, %d killed; wanted one of each", len(hangs.begun), hangs.killed)
		}
	})
}

func TestPauseGivesUpTheRunAndResumeRunsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{runs: []run{{took: 10 * time.Second, err: errors.New("never seen")}, {exit: 5}}}
		check := timed(0, time.Minute, 0)
		r := start(t, checks.Config{Health: &checks.Health{Check: check}, Run: s.run})
		<-time.After(5 * time.Second)
		r.Pause()
		r.Pause()
		synctest.Wait()
		if s.killed != 1 {
			t.Errorf("%d runs killed, wanted 1", s.killed)
		}
		<-time.After(time.Hour)
		noNews(t, r)
		r.Resume()
		r.Resume()
		if v := verdict(t, r); v.Healthy {
			t.Errorf("%+v, wanted a failure", v)
		}
		began(t, s, begin, 0, time.Hour+5*time.Second)
	})
}

// Between two runs a pause stops the clock; short pauses do not make two clocks,
// and to resume what was not paused changes nothing.
func TestPauseBetweenRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{runs: make([]run, 4)}
		check := timed(0, 10*time.Second, 0)
		r := start(t, checks.Config{Check: &check, Run: s.run})
		for _, pause := range []time.Duration{0, time.Minute} {
			<-time.After(time.Second)
			r.Pause()
			<-time.After(pause)
			r.Resume()
		}
		<-time.After(time.Second)
		r.Resume()
		<-time.After(10 * time.Second)
		synctest.Wait()
		began(t, s, begin, 0, time.Second, 62*time.Second, 72*time.Second)
	})
}

func TestResumeKeepsTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{}
		check := timed(15*time.Second, 10*time.Second, 0)
		r := start(t, checks.Config{Check: &check, Run: s.run})
		<-time.After(time.Second)
		r.Pause()
		r.Resume()
		<-time.After(time.Minute)
		synctest.Wait()
		began(t, s, begin, 15*time.Second)
	})
}
