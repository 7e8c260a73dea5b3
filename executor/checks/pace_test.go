package checks_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// However slow the reader: the verdicts are all there, no outcome is told twice
// in a row, and the last one told is the last one seen.
func TestReaderAtAnyPace(t *testing.T) {
	exits := rapid.SliceOfN(rapid.IntRange(0, 2), 1, 20)
	rapid.Check(t, func(rt *rapid.T) {
		runs := exits.Draw(rt, "exits")
		pauses := exits.Draw(rt, "seconds between two looks")
		var got []checks.Result
		synctest.Test(t, func(t *testing.T) { got = read(t.Context(), runs, pauses) })
		var outcomes, verdicts []int
		for _, r := range got {
			if r.Check != nil {
				outcomes = append(outcomes, int(*r.Check.ExitCode))
			} else {
				verdicts = append(verdicts, healthy(r.Health.Healthy))
			}
		}
		if want := news(runs); !slices.Equal(verdicts, want) {
			rt.Fatalf("verdicts %v, wanted %v", verdicts, want)
		}
		if twice := slices.Compact(slices.Clone(outcomes)); len(twice) != len(outcomes) || outcomes[len(outcomes)-1] != runs[len(runs)-1] {
			rt.Fatalf("outcomes %v of %v", outcomes, runs)
		}
	})
}

func healthy(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// news are the verdicts to expect: 0 for a failure, 1 for a success after none.
func news(runs []int) []int {
	var all []int
	last := 2
	for _, exit := range runs {
		if now := healthy(exit == 0); now == 0 || last != 1 {
			all = append(all, now)
		}
		last = healthy(exit == 0)
	}
	return all
}

// read lets check and health check, a second apart from run to run, run to their
// end, and looks for one result after each pause, over and over.
func read(ctx context.Context, exits, pauses []int) []checks.Result {
	check := timed(0, time.Second, 0)
	health := check
	health.Command = &checks.Command{Argv: []string{"health"}}
	scripts := map[string]*script{"is": {}, "health": {}}
	for _, exit := range exits {
		scripts["is"].runs = append(scripts["is"].runs, run{exit: exit})
	}
	scripts["health"].runs = scripts["is"].runs
	r := checks.Start(ctx, checks.Config{Check: &check, Health: &checks.Health{Check: health}, Log: zap.NewNop(), Run: func(ctx context.Context, c checks.Command) (int, error) {
		return scripts[c.Argv[0]].run(ctx, c)
	}})
	defer r.Close()
	var got []checks.Result
	for i := 0; ; i++ {
		<-time.After(time.Duration(pauses[i%len(pauses)]) * time.Second)
		select {
		case result := <-r.Results():
			got = append(got, result)
		case <-time.After(time.Minute):
			return got
		}
	}
}
