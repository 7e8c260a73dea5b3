package checks_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

func TestHealthMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{runs: []run{{exit: 1}, {exit: 2}, {}, {exit: 3}, {err: errors.New("killed by a signal")}, {took: time.Hour}, {}}}
		h := checks.Health{Check: timed(time.Second, 10*time.Second, 5*time.Second), Failures: 3}
		r := start(t, checks.Config{Health: &h, Run: s.run})
		for _, want := range []checks.Verdict{
			{Message: `health check failed: command "is well": exit status 1 (it has never passed, 1s after the task's start)`},
			{Message: `health check failed 2 times in a row in 10s: command "is well": exit status 2 (it has never passed, 11s after the task's start)`},
			{Healthy: true, Message: `health check passed after 2 failures in 20s`},
			{Message: `health check failed: command "is well": exit status 3`},
			{Message: `health check failed 2 times in a row in 10s: command "is well": killed by a signal`},
			{Kill: true, Message: `health check failed 3 times in a row in 25s: command "is well": no result within 5s`},
			{Healthy: true, Message: `health check passed after 3 failures in 35s`},
		} {
			if got := verdict(t, r); got != want {
				t.Errorf("got    %+v\nwanted %+v", got, want)
			}
		}
	})
}

func TestFirstSuccessIsNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{runs: make([]run, 3)}
		r := start(t, checks.Config{Health: &checks.Health{Check: command}, Run: s.run})
		if got, want := verdict(t, r), (checks.Verdict{Healthy: true, Message: "health check passed"}); got != want {
			t.Errorf("%+v, wanted %+v", got, want)
		}
		<-time.After(time.Hour)
		noNews(t, r)
		if len(s.begun) != 4 {
			t.Errorf("%d runs, wanted 4", len(s.begun))
		}
	})
}

// In its grace period a task that was never healthy may fail; one that was may
// not.
func TestGrace(t *testing.T) {
	for name, tc := range map[string]struct {
		runs []run
		want time.Duration // of the first failure told
	}{
		"never healthy": {[]run{{exit: 1}, {exit: 1}, {exit: 1}, {exit: 1}}, 30 * time.Second},
		"once healthy":  {[]run{{exit: 1}, {}, {exit: 1}, {exit: 1}}, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				s := &script{runs: tc.runs}
				h := checks.Health{Check: timed(0, 10*time.Second, 0), Grace: 25 * time.Second}
				r := start(t, checks.Config{Health: &h, Run: s.run})
				v := verdict(t, r)
				if v.Healthy {
					v = verdict(t, r)
				}
				if got := time.Since(begin); got != tc.want || v.Healthy || !v.Kill {
					t.Errorf("%+v after %v, wanted a failure after %v", v, got, tc.want)
				}
			})
		})
	}
}

// told is a verdict and when it came.
type told struct {
	at            time.Duration
	healthy, kill bool
}

// model is what Mesos' health checker does, as a straight line.
func model(h checks.Health, runs []run) []told {
	var all []told
	now, row, passed := h.Delay, 0, false
	for _, r := range runs {
		timedOut := h.Timeout > 0 && r.took > h.Timeout
		if timedOut {
			r.took = h.Timeout
		}
		now += r.took
		switch {
		case r.exit == 0 && !timedOut:
			if !passed || row > 0 {
				all = append(all, told{at: now, healthy: true})
			}
			passed, row = true, 0
		case passed || h.Grace == 0 || now > h.Grace:
			row++
			all = append(all, told{at: now, kill: row >= cmp.Or(h.Failures, 1)})
		}
		now += max(h.Interval, checks.MinInterval)
	}
	return all
}

// Odd and even times never meet: what happens at one instant has no order.
var odd = rapid.Map(rapid.IntRange(0, 5), func(n int) time.Duration { return time.Duration(2*n+1) * time.Second })

func TestHealthLikeTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := checks.Health{
			Check:    timed(2*odd.Draw(rt, "delay"), 2*odd.Draw(rt, "interval"), odd.Draw(rt, "timeout")),
			Failures: rapid.IntRange(0, 3).Draw(rt, "failures"),
			Grace:    time.Duration(rapid.IntRange(0, 30).Draw(rt, "grace")) * time.Second,
		}
		if rapid.Bool().Draw(rt, "no timeout") {
			h.Timeout = 0
		}
		runs := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) run {
			return run{took: 2 * odd.Draw(rt, "took"), exit: rapid.IntRange(0, 1).Draw(rt, "exit")}
		}), 1, 12).Draw(rt, "runs")
		var got []told
		synctest.Test(t, func(t *testing.T) { got = listen(t.Context(), h, runs) })
		if want := model(h, runs); !slices.Equal(got, want) {
			rt.Fatalf("got    %s\nwanted %s", fmt.Sprint(got), fmt.Sprint(want))
		}
	})
}

// listen returns every verdict of the runs.
func listen(ctx context.Context, h checks.Health, runs []run) []told {
	begin, over := time.Now(), make(chan struct{})
	s := &script{runs: runs}
	r := checks.Start(ctx, checks.Config{Health: &h, Log: zap.NewNop(), Run: func(ctx context.Context, c checks.Command) (int, error) {
		if len(s.begun) == len(runs) {
			close(over)
			<-ctx.Done()
			return 0, ctx.Err()
		}
		return s.run(ctx, c)
	}})
	defer r.Close()
	var all []told
	for {
		select {
		case v := <-r.Results():
			all = append(all, told{time.Since(begin), v.Health.Healthy, v.Health.Kill})
		case <-over:
			return all
		}
	}
}
