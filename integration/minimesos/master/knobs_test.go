package master_test

import (
	"net/http"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

func TestDroppedStreamHasNoOrderlyEnd(t *testing.T) {
	m, _, c := cluster(t, aware("apps"))
	if err := m.DropStream(bounded(t), c.info.ID.Value); err != nil {
		t.Fatal(err)
	}
	if err := c.awaitEnd(); err == nil {
		t.Error("the stream ended in order")
	}
	if err := m.WaitDisconnected(bounded(t), c.info.ID.Value); err != nil {
		t.Fatal(err)
	}
	subscribe(t, m.URL(), c.info)
}

func TestRefusedCalls(t *testing.T) {
	m, _, c := cluster(t, aware("apps"))
	if err := m.RefuseCalls(bounded(t), http.StatusServiceUnavailable, time.Minute); err != nil {
		t.Fatal(err)
	}
	status, _ := c.try(&scheduler.Call{Type: scheduler.Call_REVIVE})
	expect(t, "status", status, http.StatusServiceUnavailable)
	if err := m.Advance(bounded(t), time.Minute); err != nil {
		t.Fatal(err)
	}
	c.call(&scheduler.Call{Type: scheduler.Call_REVIVE})
}

func TestRefusedAgents(t *testing.T) {
	m := startMaster(t, master.Config{})
	if err := m.RefuseAgents(bounded(t), time.Hour); err != nil {
		t.Fatal(err)
	}
	resp, err := web.Post(m.URL()+link.PathRegister, "application/json", jsonBody(t, link.Register{}))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	expect(t, "status", resp.StatusCode, http.StatusServiceUnavailable)
}

func TestLostAndDelayedAcknowledgements(t *testing.T) {
	m, p, c := cluster(t, aware("apps"))
	o := c.offer()
	c.launch(o, task(o, "t"))
	if err := m.LoseAcknowledgements(bounded(t), 1); err != nil {
		t.Fatal(err)
	}
	p.update("t", mesos.TASK_RUNNING, uuid(1))
	c.acknowledge(c.status("t"))
	if err := m.DelayAcknowledgements(bounded(t), time.Minute); err != nil {
		t.Fatal(err)
	}
	p.update("t", mesos.TASK_RUNNING, uuid(1))
	c.acknowledge(c.status("t"))
	c.killTask()
	p.await("kill", func(k *link.Command) bool { return k.Kill != nil })
	if p.acked[string(uuid(1))] {
		t.Error("a lost or delayed acknowledgement came at once")
	}
	if err := m.Advance(bounded(t), time.Minute); err != nil {
		t.Fatal(err)
	}
	p.awaitAck(uuid(1))
}

func TestDroppedAgentIsDisconnected(t *testing.T) {
	m, p, c := cluster(t, aware("apps"))
	running(p, c, "t")
	if err := m.DropAgent(bounded(t), p.id); err != nil {
		t.Fatal(err)
	}
	got := c.status("t")
	expect(t, "state", got.GetState(), mesos.TASK_LOST)
	expect(t, "message", got.GetMessage(), "Agent host1 disconnected")
}

// A reader that stops reading is cut instead of filling the master's memory.
// The client stops when its own queue is full.
func TestSlowReaderIsCut(t *testing.T) {
	m, _, c := cluster(t, aware("apps"))
	big := make([]scheduler.Call_Reconcile_Task, 500)
	for i := range big {
		big[i].TaskID.Value = string(make([]byte, 200))
	}
	for range 200 {
		status, _ := c.try(&scheduler.Call{Type: scheduler.Call_RECONCILE, Reconcile: &scheduler.Call_Reconcile{Tasks: big}})
		if status != http.StatusAccepted {
			break
		}
	}
	if err := m.WaitDisconnected(bounded(t), c.info.ID.Value); err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsStreams(t *testing.T) {
	m, _, c := cluster(t, aware("apps"))
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.awaitEnd(); err != nil {
		t.Logf("stream ended with %v", err)
	}
	if err := m.Allocate(bounded(t)); err == nil {
		t.Error("a closed master still works")
	}
}

func TestOccupiedAddress(t *testing.T) {
	m := startMaster(t, master.Config{})
	second := master.New(master.Config{Addr: m.URL()[len("http://"):]})
	if err := second.Start(); err == nil {
		t.Error("two masters listen on one address")
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

// What an agent was sent has arrived when Settle returns.
func TestSettle(t *testing.T) {
	m, p, c := cluster(t, aware("apps"))
	running(p, c, "t")
	for len(p.commands) > 0 {
		<-p.commands
	}
	c.killTask()
	if err := m.Settle(bounded(t)); err != nil {
		t.Fatal(err)
	}
	expect(t, "commands", len(p.commands), 1)
	p.disconnect()
	p.awaitGone(m)
	if err := m.Settle(bounded(t)); err != nil {
		t.Errorf("without agents: %v", err)
	}
}
