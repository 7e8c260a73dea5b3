package master_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

// TestRecordedSchedulerTraces plays every recording of a real master against
// this one. The agents in it are puppets that say what the recorded agents
// said; the master's clock is moved to the recorded times.
func TestRecordedSchedulerTraces(t *testing.T) {
	files, err := filepath.Glob("../replay/testdata/scheduler/*.json.gz")
	if err != nil || len(files) < 15 {
		t.Fatalf("recordings: %d, %v", len(files), err)
	}
	for _, file := range files {
		recorded, err := replay.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		adapt(t, recorded)
		if _, skipped := replay.Unplayed(recorded, exceptions); skipped {
			continue
		}
		t.Run(recorded.Name, func(t *testing.T) { playTrace(t, recorded) })
	}
}

func playTrace(t *testing.T, recorded *replay.Trace) {
	m := startMaster(t, master.Config{AgentPingTimeout: 2 * time.Second, MaxPingTimeouts: 3})
	ctx := bounded(t)
	if err := m.PauseOffers(ctx, true); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, m, recorded)
	s.raiseFirstAgent()
	address := strings.TrimPrefix(m.URL(), "http://")
	_, port, _ := strings.Cut(address, ":")
	pairs := []replay.Pair{{Recorded: "7050", Live: port}}
	live, err := replay.Play(ctx, recorded, replay.Options{
		Addresses:  func(string) string { return address },
		Pairs:      pairs,
		Exceptions: exceptions,
		Note:       s.operate,
		Step:       s.step,
		Before:     s.noticeHangUps,
	})
	if err != nil {
		t.Error(err)
	}
	for _, d := range replay.Compare(recorded, live, pairs, nil, exceptions) {
		t.Error(d)
	}
}
