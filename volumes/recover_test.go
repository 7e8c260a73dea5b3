package volumes_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

func TestRecoverAfterKill(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	e := w.executor()
	eventually(t, "the task runs", w.started)
	if r := w.recover(false); len(r.Findings) != 0 || r.Alive != 1 {
		t.Errorf("beside a living executor: %s", r)
	}
	must(t, e.cmd.Process.Kill())
	e.wait(t)
	if r := w.recover(true); len(r.Findings) != 1 || r.Findings[0].Outcome != volumes.Returned {
		t.Errorf("dry run: %s", r)
	}
	if len(w.cluster.read().Leases) != 1 || len(w.journal()) != 1 {
		t.Error("the dry run did something")
	}
	if r := w.recover(false); len(r.Findings) != 1 || r.Findings[0].Outcome != volumes.Returned || !strings.Contains(r.String(), id) {
		t.Errorf("recovery: %s", r)
	}
	if r := w.recover(false); len(r.Findings) != 0 || r.Alive != 0 {
		t.Errorf("second recovery: %s", r)
	}
	if w.cluster.read().Datasets[id].Primary != here {
		t.Error("a dataset that was held is put back")
	}
	w.clean()
}

func TestDryRunMakesNoFile(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	w.died()
	lock := w.path("state", "datasets", id+".lock")
	must(t, os.Remove(lock))
	if r := w.recover(true); len(r.Findings) != 1 || r.Findings[0].Outcome != volumes.Returned {
		t.Errorf("dry run: %s", r)
	}
	if _, err := os.Stat(lock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock after a dry run: %v", err)
	}
	w.recover(false)
	w.clean()
}

func TestRecoverSetsBrokenEntriesAside(t *testing.T) {
	w := newWorld(t)
	_, r := w.run()
	must(t, os.WriteFile(w.path("state", "runs", r.Name, "held", idA+".json"), []byte(`{"version":`), 0o600))
	must(t, r.Close())
	if report := w.recover(true); len(report.Findings) != 1 || !strings.Contains(w.journal()[0], "/held/") {
		t.Error(report)
	}
	if report := w.recover(false); len(report.Findings) != 1 || report.Findings[0].Outcome != volumes.SetAside {
		t.Error(report)
	}
	if files := w.journal(); len(files) != 1 || !strings.HasPrefix(files[0], "corrupt/") {
		t.Errorf("the journal has %q", files)
	}
}

func TestRecoverWithoutStateDirectory(t *testing.T) {
	w := newWorld(t)
	if r := w.recover(false); len(r.Findings) != 0 {
		t.Error(r)
	}
	if _, err := os.Stat(w.path("state")); err == nil {
		t.Error("it was made")
	}
}

// mute is a storage system that does not answer who this node is.
type mute struct {
	store
	asked *int
}

func (m mute) Identity(ctx context.Context) (string, string, error) {
	*m.asked++
	<-ctx.Done()
	return "", "", context.Cause(ctx)
}

// Recovery without the control service ends, however much there is to do.
func TestRecoverAsksOnce(t *testing.T) {
	w := newWorld(t)
	j, r := w.run()
	for _, id := range []string{idA, idB} {
		must(t, j.Put(journal.Entry{Run: r.Name, Stage: journal.Held, Record: journal.Record{Dataset: id, Node: here, Service: service}}))
	}
	must(t, r.Close())
	m := mute{store{cluster: w.cluster, node: here}, new(int)}
	o := options(w.dir, "recovery", m)
	o.ReleaseTimeout = 200 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	report, err := volumes.Recover(ctx, o, false)
	if err == nil || len(report.Findings) != 2 || !strings.Contains(report.Findings[1].Why, "not done within 200ms") {
		t.Errorf("recovery: %s, %v", report, err)
	}
	if *m.asked != 1 || ctx.Err() != nil {
		t.Errorf("asked %d times, %v", *m.asked, ctx.Err())
	}
}
