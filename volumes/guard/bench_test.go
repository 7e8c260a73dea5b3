package guard_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// BenchmarkGuard measures the way from a mounted dataset to a running task and
// back, and what the guard costs while the task runs.
func BenchmarkGuard(b *testing.B) {
	w := newWorld(b)
	var took [3]time.Duration
	for b.Loop() {
		begin := time.Now()
		g, err := guard.Start(deadline(b), w.config("data"))
		if err != nil {
			b.Fatal(err)
		}
		started := time.Now()
		if err := g.Run(deadline(b), guard.Task{Argv: []string{"sleep", "1000"}, Dir: w.sandbox}); err != nil {
			b.Fatal(err)
		}
		running := time.Now()
		private := privateKiB(b, g.Identity().Pid)
		stop := time.Now()
		if err := g.Stop(deadline(b)); err != nil {
			b.Fatal(err)
		}
		for i, d := range []time.Duration{started.Sub(begin), running.Sub(started), time.Since(stop)} {
			took[i] += d
		}
		b.ReportMetric(float64(private), "private-KiB")
	}
	for i, unit := range []string{"start-ms", "run-ms", "stop-ms"} {
		b.ReportMetric(took[i].Seconds()*1000/float64(b.N), unit)
	}
}

// privateKiB is the memory of a process that no other shares.
func privateKiB(b *testing.B, pid int) int {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		b.Fatal(err)
	}
	total := 0
	for line := range strings.Lines(string(data)) {
		var kib int
		if name, value, _ := strings.Cut(line, ":"); strings.HasPrefix(name, "Private_") {
			if _, err := fmt.Sscanf(strings.TrimSpace(value), "%d kB", &kib); err != nil {
				b.Fatal(err)
			}
			total += kib
		}
	}
	return total
}
