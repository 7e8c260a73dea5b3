package master_test

import (
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

func TestNewAgentAtTheSameAddressReplacesTheOld(t *testing.T) {
	m, p, c := cluster(t, checkpointing(aware("apps")))
	running(p, c, "t")
	next := newPuppet(t, m.URL(), link.Register{Port: 5051}, hosted())
	got := c.status("t")
	expect(t, "state", got.GetState(), mesos.TASK_LOST)
	expect(t, "message", got.GetMessage(), "Agent host1 removed: a new agent registered at the same address")
	expect(t, "new id", next.id, m.ID()+"-S1")
}

// A new master meets agents, tasks and frameworks of the one before.
func TestMasterTakesOverFromAnEarlierOne(t *testing.T) {
	m, p, c := cluster(t, checkpointing(aware("apps")))
	running(p, c, "t")
	p.known()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	<-p.done
	next := startMaster(t, master.Config{})
	p.url = next.URL()
	old := p.id
	p.connect()
	t.Cleanup(p.disconnect)
	expect(t, "agent keeps its id", p.id, old)

	again := subscribe(t, next.URL(), c.info)
	expect(t, "framework keeps its id", again.info.ID.Value, c.info.ID.Value)
	again.call(&scheduler.Call{Type: scheduler.Call_RECONCILE, Reconcile: &scheduler.Call_Reconcile{}})
	expect(t, "state", again.status("t").GetState(), mesos.TASK_RUNNING)
	again.killTask()
	p.await("kill", func(k *link.Command) bool { return k.Kill != nil })
}

func TestTeardownReachesAnAgentThatWasAway(t *testing.T) {
	m, p, c := cluster(t, checkpointing(aware("apps")))
	running(p, c, "t")
	p.disconnect()
	p.awaitGone(m)
	c.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN})
	p.known()
	p.connect()
	t.Cleanup(p.disconnect)
	p.await("shutdown_framework", func(k *link.Command) bool { return k.ShutdownFramework != nil })
}

func TestFailoverTimeoutTearsDown(t *testing.T) {
	m, p, c := cluster(t, aware("apps"))
	running(p, c, "t")
	c.cancel()
	if err := m.WaitDisconnected(bounded(t), c.info.ID.Value); err != nil {
		t.Fatal(err)
	}
	if err := m.Advance(bounded(t), 59*time.Minute); err != nil {
		t.Fatal(err)
	}
	c = subscribe(t, m.URL(), c.info)
	if err := m.Advance(bounded(t), 2*time.Minute); err != nil {
		t.Fatal(err)
	}
	c.call(&scheduler.Call{Type: scheduler.Call_REVIVE})
	c.cancel()
	if err := m.WaitDisconnected(bounded(t), c.info.ID.Value); err != nil {
		t.Fatal(err)
	}
	if err := m.Advance(bounded(t), 61*time.Minute); err != nil {
		t.Fatal(err)
	}
	p.await("shutdown_framework", func(k *link.Command) bool { return k.ShutdownFramework != nil })
	refused := openStream(t, m.URL(), c.info)
	got := refused.await("ERROR", func(e *scheduler.Event) bool { return e.Type == scheduler.Event_ERROR })
	expect(t, "message", got.Error.Message, "Framework has been removed")
	if err := refused.awaitEnd(); err != nil {
		t.Error(err)
	}
}
