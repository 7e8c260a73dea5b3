package master_test

import (
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	operator "github.com/mesos/mesos-go/api/v1/lib/master"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

func checkpointing(info *mesos.FrameworkInfo) *mesos.FrameworkInfo {
	yes := true
	info.Checkpoint = &yes
	return info
}

// running launches a task, and has it RUNNING and acknowledged.
func running(p *puppet, c *client, id string) {
	o := c.offer()
	c.launch(o, task(o, id))
	p.update(id, mesos.TASK_RUNNING, uuid(1))
	c.acknowledge(c.status(id))
	p.awaitAck(uuid(1))
}

// known adds task t and its executor, running, to what the agent says when it
// returns.
func (p *puppet) known() {
	const id = "t"
	run, info := p.run(id), p.taskOf(id)
	p.register.Executors = append(p.register.Executors, link.Executor{
		FrameworkInfo: run.FrameworkInfo, ExecutorInfo: run.ExecutorInfo,
	})
	p.register.Tasks = append(p.register.Tasks, link.Task{
		FrameworkID: p.frameworkOf(id),
		Task: marshal(p.t, &mesos.Task{
			Name: info.Name, TaskID: info.TaskID, AgentID: info.AgentID, ExecutorID: &info.Executor.ExecutorID,
			FrameworkID: mesos.FrameworkID{Value: p.frameworkOf(id)}, State: mesos.TASK_RUNNING.Enum(), Resources: info.Resources,
		}),
	})
}

// afterItsAgentWent runs a test with a task whose agent has gone: of a framework
// that is told of partitions, whose state is then partitioned, and of one that is not.
func afterItsAgentWent(t *testing.T, partitioned mesos.TaskState, test func(*testing.T, *master.Master, *puppet, *client, mesos.TaskState)) {
	for _, kind := range []struct {
		name string
		info *mesos.FrameworkInfo
		want mesos.TaskState
	}{
		{"partition aware", checkpointing(aware("apps")), partitioned},
		{"plain", checkpointing(plain()), mesos.TASK_LOST},
	} {
		t.Run(kind.name, func(t *testing.T) {
			m, p, c := cluster(t, kind.info)
			running(p, c, "t")
			p.disconnect()
			p.awaitGone(m)
			test(t, m, p, c, kind.want)
		})
	}
}

func TestAgentComesBackInTime(t *testing.T) {
	m, p, c := cluster(t, checkpointing(aware("apps")))
	running(p, c, "t")
	id := p.id
	p.disconnect()
	p.awaitGone(m)
	c.killTask()
	p.known()
	p.connect()
	t.Cleanup(p.disconnect)
	expect(t, "id", p.id, id)
	p.await("the KILL of meanwhile", func(k *link.Command) bool { return k.Kill != nil && k.Kill.TaskID == "t" })
	p.await("update_framework", func(k *link.Command) bool { return k.UpdateFramework != nil })
	p.update("t", mesos.TASK_KILLED, uuid(2))
	expect(t, "state", c.status("t").GetState(), mesos.TASK_KILLED)
}

func TestAgentComesBackWithoutItsTask(t *testing.T) {
	afterItsAgentWent(t, mesos.TASK_DROPPED, func(t *testing.T, _ *master.Master, p *puppet, c *client, want mesos.TaskState) {
		p.connect()
		t.Cleanup(p.disconnect)
		got := c.status("t")
		expect(t, "state", got.GetState(), want)
		expect(t, "reason", got.GetReason(), mesos.REASON_RECONCILIATION)
		expect(t, "cpus", cpusOf(c.offer()), 4)
	})
}

func TestUnreachableAgent(t *testing.T) {
	afterItsAgentWent(t, mesos.TASK_UNREACHABLE, func(t *testing.T, m *master.Master, p *puppet, c *client, want mesos.TaskState) {
		if err := m.Advance(bounded(t), 2*time.Minute); err != nil {
			t.Fatal(err)
		}
		got := c.status("t")
		expect(t, "state", got.GetState(), want)
		expect(t, "reason", got.GetReason(), mesos.REASON_AGENT_REMOVED)
		expect(t, "unreachable_time", got.UnreachableTime != nil, true)
		failure := c.await("FAILURE", func(e *scheduler.Event) bool { return e.Type == scheduler.Event_FAILURE })
		expect(t, "agent", failure.Failure.AgentID.Value, p.id)
		if failure.Failure.ExecutorID != nil {
			t.Error("FAILURE of an agent names an executor")
		}
	})
}

func TestConnectedAgentThatDoesNotAnswerIsUnreachable(t *testing.T) {
	m := startMaster(t, master.Config{AgentPingTimeout: time.Hour, MaxPingTimeouts: 2, AgentReregisterTimeout: time.Minute})
	p := newPuppet(t, m.URL(), link.Register{Port: 5051}, hosted())
	p.disconnect()
	p.awaitGone(m)
	c := subscribe(t, m.URL(), aware("apps"))
	if err := m.Advance(bounded(t), 2*time.Minute); err != nil {
		t.Fatal(err)
	}
	c.await("FAILURE", func(e *scheduler.Event) bool { return e.Type == scheduler.Event_FAILURE })
}

// An answer starts the count of missed pings anew.
func TestPingsAreCountedInARow(t *testing.T) {
	m := startMaster(t, master.Config{MaxPingTimeouts: 4})
	p := newPuppet(t, m.URL(), link.Register{Port: 5051}, hosted())
	id := p.id
	for range 3 {
		p.disconnect()
		p.awaitGone(m)
		if err := m.Advance(bounded(t), 40*time.Second); err != nil {
			t.Fatal(err)
		}
		p.connect()
		if err := m.Advance(bounded(t), 40*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(p.disconnect)
	_, agents := ask(t, m.URL(), operator.Call_GET_AGENTS)
	expect(t, "agents", len(agents.GetAgents.Agents), 1)
	registered := agents.GetAgents.Agents[0].RegisteredTime
	if since := time.Since(time.Unix(0, registered.Nanoseconds)); since < 0 {
		t.Errorf("agent %s was registered anew", id)
	}
}

// An agent that left for good and comes back all the same is taken with its
// tasks; when it leaves again nothing is known of them.
func TestAgentComesBackAfterItLeft(t *testing.T) {
	m, p, c := cluster(t, checkpointing(aware("apps")))
	running(p, c, "t")
	p.post(link.Event{Unregister: &struct{}{}})
	expect(t, "state", c.status("t").GetState(), mesos.TASK_LOST)
	p.known()
	p.disconnect()
	p.connect()
	got := c.status("t")
	expect(t, "state", got.GetState(), mesos.TASK_RUNNING)
	expect(t, "message", got.GetMessage(), "Unknown agent reregistered")
	_, tasks := ask(t, m.URL(), operator.Call_GET_TASKS)
	expect(t, "tasks", len(tasks.GetTasks.Tasks), 1)
	expect(t, "completed", len(tasks.GetTasks.CompletedTasks), 0)
}

func TestUnreachableAgentIsForgottenWhenItLeaves(t *testing.T) {
	m, p, c := cluster(t, checkpointing(aware("apps")))
	p.disconnect()
	p.awaitGone(m)
	if err := m.Advance(bounded(t), 2*time.Minute); err != nil {
		t.Fatal(err)
	}
	ask := &scheduler.Call{Type: scheduler.Call_RECONCILE, Reconcile: &scheduler.Call_Reconcile{
		Tasks: []scheduler.Call_Reconcile_Task{{TaskID: mesos.TaskID{Value: "t"}, AgentID: &mesos.AgentID{Value: p.id}}},
	}}
	c.call(ask)
	expect(t, "while unreachable", c.status("t").GetState(), mesos.TASK_UNREACHABLE)
	p.connect()
	t.Cleanup(p.disconnect)
	c.call(ask)
	expect(t, "back", c.status("t").GetState(), mesos.TASK_GONE)
	p.post(link.Event{Unregister: &struct{}{}})
	c.call(ask)
	expect(t, "after it left", c.status("t").GetState(), mesos.TASK_UNKNOWN)
}
