package replay_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// beatsOf lists the times of the HEARTBEAT events to executors.
func beatsOf(t *testing.T, tr *replay.Trace) []time.Duration {
	t.Helper()
	var beats []time.Duration
	for _, e := range tr.Entries {
		if e.Actor != replay.Executor {
			continue
		}
		for _, r := range e.Records {
			codec := wire.Protobuf
			if strings.HasPrefix(string(r.Payload), "{") {
				codec = wire.JSON
			}
			var event executor.Event
			if err := codec.Unmarshal(r.Payload, &event); err != nil {
				t.Fatalf("record %s: %v", r.Payload, err)
			}
			if event.Type == executor.Event_HEARTBEAT {
				beats = append(beats, r.At)
			}
		}
	}
	return beats
}

// step makes the agent send the heartbeats that are due. Left to its own clock
// it would send them between others of its events than the recorded agent did.
func (r *rig) step(ctx context.Context, _ *replay.Player, at time.Duration) error {
	for ; len(r.beats) > 0 && r.beats[0] <= at; r.beats = r.beats[1:] {
		if err := r.beat(ctx); err != nil {
			return fmt.Errorf("make the agent send a heartbeat: %w", err)
		}
	}
	return nil
}

func (r *rig) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	url := "http://" + r.address(replay.Executor) + agent.PathFaults
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"beat":true}`))
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("answer %s", resp.Status)
	}
	if e := resp.Body.Close(); err == nil {
		err = e
	}
	return err
}
