package agent_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

func (r *rig) faults(f agent.Faults) {
	r.t.Helper()
	body, err := json.Marshal(f)
	if err != nil {
		r.t.Fatal(err)
	}
	answer, err := http.Post("http://"+r.address+agent.PathFaults, "application/json", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		r.t.Fatalf("faults: %s", answer.Status)
	}
}

func TestFaultyStreams(t *testing.T) {
	r := newRig(t, nil)
	_, x, s := subscribed(t, r, false)
	r.faults(agent.Faults{HoldStreams: true})
	held := x.update(newStatus("t1", mesos.TASK_STARTING))
	r.update(mesos.TASK_STARTING, true)
	s.quiet()
	r.faults(agent.Faults{DropStreams: true})
	s.ended(false)
	r.faults(agent.Faults{Split: 3})
	s = x.subscribe(wireexec.Call_Subscribe{UnacknowledgedUpdates: []wireexec.Call_Update{{Status: held}}})
	s.next(wireexec.Event_SUBSCRIBED)
	s.acknowledged(held)
}

func TestFaultyAcknowledgements(t *testing.T) {
	r := newRig(t, nil)
	_, x, s := subscribed(t, r, false)
	r.faults(agent.Faults{Acknowledgements: []agent.AckFault{{N: 1, Lose: true}, {N: 2, Delay: 100 * time.Millisecond}}})
	x.update(newStatus("t1", mesos.TASK_STARTING))
	delayed := x.update(newStatus("t1", mesos.TASK_RUNNING))
	begin := time.Now()
	prompt := x.update(newStatus("t1", mesos.TASK_RUNNING))
	s.acknowledged(prompt)
	s.acknowledged(delayed)
	if took := time.Since(begin); took < 80*time.Millisecond {
		t.Errorf("the delayed one came after %v", took)
	}
}

func TestRefusedCalls(t *testing.T) {
	r := newRig(t, nil)
	_, x, s := subscribed(t, r, false)
	r.faults(agent.Faults{Refuse: &agent.Refusal{Status: 503, Body: "not now", Type: "UPDATE", Calls: 2}})
	u := newStatus("t1", mesos.TASK_RUNNING)
	for range 2 {
		if status, text := x.call(update(u)); status != 503 || text != "not now" {
			t.Errorf("%d %s", status, text)
		}
	}
	s.acknowledged(x.update(u))
	r.faults(agent.Faults{Refuse: &agent.Refusal{Status: 500}})
	for range 3 {
		if status, _ := x.raw(http.MethodPost, asJSON.Clone(), heartbeat); status != 500 {
			t.Errorf("%d", status)
		}
	}
	r.faults(agent.Faults{})
	if status, _ := x.raw(http.MethodPost, asJSON.Clone(), heartbeat); status != 202 {
		t.Errorf("%d after the faults were taken back", status)
	}
}

func TestHeldCalls(t *testing.T) {
	r := newRig(t, nil)
	_, x, s := subscribed(t, r, false)
	r.faults(agent.Faults{HoldCalls: true})
	u := newStatus("t1", mesos.TASK_RUNNING)
	answered := make(chan int, 1)
	go func() {
		status, _ := x.raw(http.MethodPost, asJSON.Clone(), heartbeat)
		answered <- status
	}()
	select {
	case status := <-answered:
		t.Errorf("a held call was answered with %d", status)
	case <-time.After(50 * time.Millisecond):
	}
	r.faults(agent.Faults{})
	if status := <-answered; status != 0 {
		t.Errorf("a held call was answered with %d", status)
	}
	s.acknowledged(x.update(u))
}

func TestUnknownFault(t *testing.T) {
	r := newRig(t, nil)
	x := r.api(wire.JSON)
	x.url = "http://" + r.address + agent.PathFaults
	if status, text := x.raw(http.MethodPost, nil, `{"drop":true}`); status != 400 || !strings.Contains(text, "drop") {
		t.Errorf("%d %s", status, text)
	}
}

func TestHeartbeatOnDemand(t *testing.T) {
	r := newRig(t, nil)
	_, _, s := subscribed(t, r, false)
	for range 2 {
		r.faults(agent.Faults{Beat: true})
		s.next(wireexec.Event_HEARTBEAT)
	}
}
