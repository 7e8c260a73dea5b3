package master_test

import (
	"net/http"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

// cluster is a master with one puppet agent and one subscribed framework.
func cluster(t testing.TB, info *mesos.FrameworkInfo) (*master.Master, *puppet, *client) {
	t.Helper()
	m := startMaster(t, master.Config{})
	p := newPuppet(t, m.URL(), link.Register{Port: 5051}, hosted())
	return m, p, subscribe(t, m.URL(), info)
}

func hosted() *mesos.AgentInfo {
	return agentInfo("host1", scalar("cpus", 4), scalar("mem", 4096), scalar("disk", 10000), ports(31000, 31009))
}

func ports(begin, end uint64) mesos.Resource {
	return mesos.Resource{
		Name: "ports", Type: mesos.RANGES.Enum(),
		Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: begin, End: end}}},
	}
}

func TestLaunchCompletesTheTask(t *testing.T) {
	_, p, c := cluster(t, aware("apps"))
	o := c.offer()
	info := task(o, "t")
	value := "true"
	info.HealthCheck = &mesos.HealthCheck{Command: &mesos.CommandInfo{Value: &value}}
	info.Data = []byte("data")
	c.launch(o, info)

	got, run := p.taskOf("t"), p.run("t")
	expect(t, "launch_executor", run.LaunchExecutor, true)
	expect(t, "group", run.Group, false)
	expect(t, "allocation role", got.Resources[0].GetAllocationInfo().GetRole(), "apps")
	expect(t, "executor's allocation role", got.Executor.Resources[1].GetAllocationInfo().GetRole(), "apps")
	expect(t, "executor's framework", got.Executor.FrameworkID.GetValue(), c.info.ID.Value)
	expect(t, "health check", got.HealthCheck.Type, mesos.HealthCheck_COMMAND)
	expect(t, "data", string(got.Data), "data")
	expect(t, "executor info", p.executorOf("t").FrameworkID.GetValue(), c.info.ID.Value)
	expect(t, "framework info", p.frameworkOf("t"), c.info.ID.Value)
}

func TestSecondTaskOfAnExecutorDoesNotLaunchIt(t *testing.T) {
	m, p, c := cluster(t, aware("apps"))
	o := c.offer()
	one, two := task(o, "one"), task(o, "two")
	two.Executor = task(o, "one").Executor
	c.launch(o, one, two)
	expect(t, "first", p.run("one").LaunchExecutor, true)
	expect(t, "second", p.run("two").LaunchExecutor, false)
	offerAgain(t, m)
	next := c.offer()
	expect(t, "cpus left", cpusOf(next), 3.7)
	expect(t, "executors", len(next.ExecutorIDs), 1)
}

func cpusOf(o *mesos.Offer) float64 {
	for _, r := range o.Resources {
		if r.Name == "cpus" {
			return r.Scalar.Value
		}
	}
	return 0
}

func TestLaunchGroupCopiesTheExecutor(t *testing.T) {
	_, p, c := cluster(t, aware("apps"))
	o := c.offer()
	group := mesos.Offer_Operation{Type: mesos.Offer_Operation_LAUNCH_GROUP, LaunchGroup: groupOf(c, o, "a", "b")}
	c.accept(o, group)
	run := p.run("a")
	expect(t, "group", run.Group, true)
	expect(t, "tasks", len(run.Tasks), 2)
	for _, id := range []string{"a", "b"} {
		got := p.taskOf(id)
		expect(t, "executor of "+id, got.Executor.ExecutorID.Value, "ex")
		expect(t, "command of "+id, got.Command.GetValue(), "sleep 1")
		expect(t, "role of "+id, got.Resources[0].GetAllocationInfo().GetRole(), "apps")
	}
}

// groupOf is a healthy group with a CUSTOM executor.
func groupOf(c *client, o *mesos.Offer, ids ...string) *mesos.Offer_Operation_LaunchGroup {
	sleep := "sleep 1"
	g := &mesos.Offer_Operation_LaunchGroup{Executor: *task(o, "x").Executor}
	g.Executor.ExecutorID.Value = "ex"
	g.Executor.FrameworkID = c.info.ID
	g.Executor.Resources = append(g.Executor.Resources, scalar("disk", 32))
	for _, id := range ids {
		one := task(o, id)
		one.Executor = nil
		one.Command = &mesos.CommandInfo{Value: &sleep}
		g.TaskGroup.Tasks = append(g.TaskGroup.Tasks, one)
	}
	return g
}

func TestKillPolicyPassesThrough(t *testing.T) {
	_, p, c := cluster(t, aware("apps"))
	o := c.offer()
	c.launch(o, task(o, "t"))
	for name, policy := range map[string]*mesos.KillPolicy{
		"none":  nil,
		"empty": {},
		"set":   {GracePeriod: &mesos.DurationInfo{Nanoseconds: 5}},
	} {
		c.call(&scheduler.Call{Type: scheduler.Call_KILL, Kill: &scheduler.Call_Kill{
			TaskID: mesos.TaskID{Value: "t"}, KillPolicy: policy,
		}})
		got := p.await("kill", func(k *link.Command) bool { return k.Kill != nil }).Kill.KillPolicy
		if (got == nil) != (policy == nil) {
			t.Errorf("%s: got %v", name, got)
		}
		if policy != nil && string(got) != string(marshal(t, policy)) {
			t.Errorf("%s: got %x", name, got)
		}
	}
}

func TestUpdatesWithoutFrameworkAreResentByTheAgent(t *testing.T) {
	m, p, c := cluster(t, aware("apps"))
	o := c.offer()
	c.launch(o, task(o, "t"))
	p.run("t")
	c.cancel()
	if err := m.WaitDisconnected(bounded(t), c.info.ID.Value); err != nil {
		t.Fatal(err)
	}
	p.update("t", mesos.TASK_RUNNING, uuid(1))

	again := subscribe(t, m.URL(), c.info)
	p.await("update_framework", func(k *link.Command) bool { return k.UpdateFramework != nil })
	p.update("t", mesos.TASK_RUNNING, uuid(1))
	got := again.status("t")
	expect(t, "state", got.GetState(), mesos.TASK_RUNNING)
	again.acknowledge(got)
	p.awaitAck(uuid(1))
}

func TestEventOfAnUnknownAgentIs404(t *testing.T) {
	m, p, _ := cluster(t, aware("apps"))
	p.id = m.ID() + "-S9"
	expect(t, "status", p.post(link.Event{Pong: &struct{}{}}), http.StatusNotFound)
}
