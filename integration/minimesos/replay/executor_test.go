package replay_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

// Every recorded conversation of the executor API is played against the small
// master and agent, with real processes as executors.
func TestExecutorTraces(t *testing.T) {
	binary := copyBinary(t)
	for _, name := range all(t) {
		if !strings.HasPrefix(name, "executor/") {
			continue
		}
		tr := load(t, name)
		if _, ok := replay.Unplayed(tr, exceptions); ok {
			continue
		}
		t.Run(tr.Name, func(t *testing.T) {
			t.Parallel()
			playExecutorTrace(t, binary, tr)
		})
	}
}

func playExecutorTrace(t *testing.T, binary string, tr *replay.Trace) {
	r := newRig(t, binary, tr)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pairs := r.pairs(t)
	live, err := replay.Play(ctx, tr, replay.Options{
		Addresses: r.address, Pairs: pairs, Skip: replay.SkipTimed, Exceptions: exceptions, Moves: moves,
		Note: r.note, Before: r.before, Step: r.step, Wait: deadline, Settled: r.master.Settle,
	})
	if err != nil {
		t.Errorf("%v", err)
		t.Logf("the agent's log:\n%s", r.log())
	}
	if strings.HasPrefix(tr.Name, "06-agent-restart-no-checkpoint-linux") && err == nil {
		if err := r.stubs.all[0].wait(ctx); err != nil {
			t.Errorf("an agent was restarted without a checkpoint: %v", err)
		}
	}
	for _, d := range replay.Compare(tr, live, pairs, replay.SkipTimed, exceptions) {
		t.Errorf("%v", d)
	}
}

// address is where an actor's requests go.
func (r *rig) address(actor string) string {
	switch {
	case actor == replay.Framework:
		return strings.TrimPrefix(r.master.URL(), "http://")
	case r.config.DomainSocket != "" && strings.HasPrefix(r.trace.Name, "11-"):
		return r.config.DomainSocket
	default:
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.config.Port))
	}
}
