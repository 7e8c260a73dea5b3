package volumes_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// A container is looked for by recovery where it may be: not when its removal came
// before what the journal says, and not for ever when the machine was booted since.
func TestRecoverOfContainerWithoutEngine(t *testing.T) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	must(t, err)
	now := strings.TrimSpace(string(boot))
	for name, c := range map[string]struct {
		stage journal.Stage
		boot  string
		want  volumes.Outcome
	}{
		"in use":              {journal.Held, now, volumes.Kept},
		"named only":          {journal.Wanted, now, volumes.Kept},
		"removed already":     {journal.Releasing, now, volumes.Returned},
		"of an earlier boot":  {journal.Held, "00000000-0000-4000-8000-000000000000", volumes.Returned},
		"named before a boot": {journal.Wanted, "00000000-0000-4000-8000-000000000000", volumes.Returned},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := oneDataset(t)
			must(t, os.WriteFile(w.path("away"), nil, 0o600))
			w.cluster.change(func(s *state) { s.Leases[id] = lease{here, time.Now().Add(time.Hour)} })
			j, r := w.run()
			must(t, j.Put(journal.Entry{
				Run: r.Name, Stage: c.stage, Boot: c.boot, Container: "one", Engine: engineSocket(w.dir),
				Record: journal.Record{Name: "data", Dataset: id, Node: here, Service: service, Certain: true},
			}))
			must(t, r.Close())
			report, err := volumes.Recover(t.Context(), w.containerOptions("recovery"), false)
			if len(report.Findings) != 1 || report.Findings[0].Outcome != c.want || (err == nil) != (c.want == volumes.Returned) {
				t.Errorf("recovery: %s, %v; want it %s", report, err, c.want)
			}
			must(t, os.Remove(w.path("away")))
			_, err = volumes.Recover(t.Context(), w.containerOptions("recovery"), false)
			must(t, err)
			w.clean()
		})
	}
}
