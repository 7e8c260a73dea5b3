package agent_test

import (
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// subscribed launches t1 and subscribes for its executor.
func subscribed(t *testing.T, r *rig, checkpoint bool) (string, *executorAPI, *stream) {
	t.Helper()
	r.launch(frameworkInfo(checkpoint), executorInfo(waiting), true, "t1")
	sandbox := r.sandbox("e1")
	x := r.api(wire.JSON)
	s := x.subscribe(wireexec.Call_Subscribe{})
	s.next(wireexec.Event_SUBSCRIBED)
	s.next(wireexec.Event_LAUNCH)
	return sandbox, x, s
}

func TestResubscribe(t *testing.T) {
	r := newRig(t, nil)
	_, x, first := subscribed(t, r, false)
	starting := newStatus("t1", mesos.TASK_STARTING)
	second := x.subscribe(wireexec.Call_Subscribe{
		UnacknowledgedTasks:   []mesos.TaskInfo{taskInfo("t1", executorInfo(waiting))},
		UnacknowledgedUpdates: []wireexec.Call_Update{{Status: starting}},
	})
	first.ended(true)
	second.next(wireexec.Event_SUBSCRIBED)
	second.acknowledged(starting)
	r.update(mesos.TASK_STARTING, true)
	second.acknowledged(x.update(starting)) // a duplicate is acknowledged, not forwarded
	r.quiet(50 * time.Millisecond)
}

func TestUpdatesThatAreNotForwardedOrNotAcknowledged(t *testing.T) {
	r := newRig(t, nil)
	_, x, s := subscribed(t, r, false)
	x.update(newStatus("no-such-task", mesos.TASK_RUNNING))
	if got := r.update(mesos.TASK_RUNNING, true); got.ContainerStatus != nil {
		t.Errorf("a status of an unknown task got %+v", got.ContainerStatus)
	}
	foreign := newStatus("t1", mesos.TASK_RUNNING)
	foreign.AgentID = &mesos.AgentID{Value: "another"}
	x.update(foreign)
	other := newStatus("t1", mesos.TASK_RUNNING)
	other.ContainerStatus = &mesos.ContainerStatus{ContainerID: &mesos.ContainerID{Value: "no-such-container"}}
	s.acknowledged(x.update(other)) // so neither of the two before was
	if got := r.update(mesos.TASK_RUNNING, true); got.ContainerStatus.ExecutorPID != nil || got.ContainerStatus.NetworkInfos != nil {
		t.Errorf("a foreign container got %+v", got.ContainerStatus)
	}
	s.acknowledged(x.update(newStatus("t1", mesos.TASK_FINISHED)))
	finished := r.update(mesos.TASK_FINISHED, false)
	s.acknowledged(x.update(newStatus("t1", mesos.TASK_FAILED)))
	s.acknowledged(x.update(newStatus("t1", mesos.TASK_RUNNING)))
	r.quiet(50 * time.Millisecond)
	r.acknowledge("f1", finished)
	r.until("the task is completed", func() bool {
		x.update(newStatus("t1", mesos.TASK_KILLED))
		select {
		case e := <-r.events:
			return e.Update != nil
		case <-s.events: // still known: acknowledged once more
			return false
		case <-time.After(patience):
			return false
		}
	})
	x.subscribe(wireexec.Call_Subscribe{}).next(wireexec.Event_SUBSCRIBED)
}

func TestStagingTaskLeftOut(t *testing.T) {
	r := newRig(t, nil)
	info := executorInfo(waiting)
	info.ShutdownGracePeriod = &mesos.DurationInfo{Nanoseconds: int64(300 * time.Millisecond)}
	r.launch(frameworkInfo(false), info, true, "t1")
	r.sandbox("e1")
	x := r.api(wire.JSON)
	s := x.subscribe(wireexec.Call_Subscribe{})
	s.next(wireexec.Event_SUBSCRIBED)
	s.next(wireexec.Event_LAUNCH)
	again := x.subscribe(wireexec.Call_Subscribe{})
	again.next(wireexec.Event_SHUTDOWN)
	dropped := r.update(mesos.TASK_DROPPED, true)
	if dropped.GetReason() != mesos.REASON_AGENT_RESTARTED || dropped.GetMessage() != "Task launched during agent restart" || dropped.ContainerStatus != nil {
		t.Errorf("status %+v", dropped)
	}
	r.failure(9)
}

func TestBeforeSubscribe(t *testing.T) {
	f := frameworkInfo(false)
	for _, row := range []struct {
		name    string
		command link.Command
		status  *mesos.TaskState // that the agent reports at once
		open    bool             // the stream stays open after SHUTDOWN
	}{
		{"KILL", link.Command{Kill: &link.Kill{FrameworkID: "f1", TaskID: "t1"}}, mesos.TASK_KILLED.Enum(), true},
		{"SHUTDOWN", link.Command{Shutdown: &link.ExecutorRef{FrameworkID: "f1", ExecutorID: "e1"}}, nil, false},
		{"TEARDOWN", link.Command{ShutdownFramework: &link.Framework{FrameworkInfo: protobuf(t, &f)}}, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, nil)
			r.launch(f, executorInfo(waiting), true, "t1")
			sandbox := r.sandbox("e1")
			r.commands <- row.command
			if row.status != nil {
				if got := r.update(*row.status, true); got.GetMessage() != "Killed before delivery to the executor" {
					t.Errorf("message %q", got.GetMessage())
				}
			} else {
				r.commands <- link.Command{Ping: &struct{}{}} // whose answer shows that the command was obeyed
				r.next()
			}
			s := r.api(wire.JSON).subscribe(wireexec.Call_Subscribe{})
			s.next(wireexec.Event_SHUTDOWN)
			if !row.open {
				s.ended(true)
			}
			r.end(sandbox, "0")
			r.failure(0)
			if row.name == "SHUTDOWN" {
				r.update(mesos.TASK_FAILED, true)
			}
			r.quiet(20 * time.Millisecond)
		})
	}
}

func TestKillPolicyIsPassedOn(t *testing.T) {
	r := newRig(t, nil)
	_, _, s := subscribed(t, r, false)
	for _, row := range []struct {
		policy *mesos.KillPolicy
		want   string
	}{
		{nil, "<nil>"},
		{&mesos.KillPolicy{}, "&KillPolicy{GracePeriod:nil,}"},
		{&mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: 7}}, "&KillPolicy{GracePeriod:&DurationInfo{Nanoseconds:7,},}"},
	} {
		k := link.Kill{FrameworkID: "f1", TaskID: "t1"}
		if row.policy != nil {
			k.KillPolicy = append([]byte{}, protobuf(t, row.policy)...)
		}
		r.commands <- link.Command{Kill: &k}
		got := s.next(wireexec.Event_KILL).Kill.KillPolicy
		if (got == nil) != (row.policy == nil) || got.GetGracePeriod().GetNanoseconds() != row.policy.GetGracePeriod().GetNanoseconds() {
			t.Errorf("policy %+v arrived as %+v", row.policy, got)
		}
	}
}

func TestShutdownIgnored(t *testing.T) {
	r := newRig(t, func(c *agent.Config) { c.ShutdownGrace = 200 * time.Millisecond })
	_, x, s := subscribed(t, r, false)
	s.acknowledged(x.update(newStatus("t1", mesos.TASK_RUNNING)))
	r.update(mesos.TASK_RUNNING, true)
	r.commands <- link.Command{Shutdown: &link.ExecutorRef{FrameworkID: "f1", ExecutorID: "e1"}}
	s.next(wireexec.Event_SHUTDOWN)
	r.failure(9)
	if got := r.update(mesos.TASK_FAILED, true); got.GetReason() != mesos.REASON_EXECUTOR_TERMINATED || got.GetMessage() != "Executor terminated" {
		t.Errorf("status %+v", got)
	}
}

func TestTwoTasksAndMessages(t *testing.T) {
	r := newRig(t, nil)
	sandbox, x, s := subscribed(t, r, false)
	r.launch(frameworkInfo(false), executorInfo(waiting), false, "t2")
	if got := s.next(wireexec.Event_LAUNCH).Launch.Task.TaskID.Value; got != "t2" {
		t.Errorf("launched %s", got)
	}
	r.launch(frameworkInfo(false), executorInfo(waiting), false, "t3", "t4")
	if got := s.next(wireexec.Event_LAUNCH_GROUP).LaunchGroup.TaskGroup.Tasks; len(got) != 2 {
		t.Errorf("a group of %d", len(got))
	}
	r.commands <- link.Command{Message: &link.Message{FrameworkID: "f1", ExecutorID: "e1"}}
	if got := s.next(wireexec.Event_MESSAGE).Message.Data; len(got) != 0 {
		t.Errorf("message %q", got)
	}
	x.call(&wireexec.Call{Type: wireexec.Call_MESSAGE, Message: &wireexec.Call_Message{Data: []byte("up")}})
	if e := r.next(); e.Message == nil || string(e.Message.Data) != "up" {
		t.Errorf("event %+v", e)
	}
	r.end(sandbox, "0")
	r.failure(0)
	for range 4 {
		r.update(mesos.TASK_FAILED, true)
	}
}

func TestHeartbeat(t *testing.T) {
	r := newRig(t, func(c *agent.Config) { c.HeartbeatInterval = 30 * time.Millisecond })
	_, _, s := subscribed(t, r, false)
	s.next(wireexec.Event_HEARTBEAT)
	s.next(wireexec.Event_HEARTBEAT)
}

func TestRetryUntilAcknowledged(t *testing.T) {
	r := newRig(t, func(c *agent.Config) { c.UpdateRetryMin, c.UpdateRetryMax = 100*time.Millisecond, 200*time.Millisecond })
	_, x, s := subscribed(t, r, false)
	begin := time.Now() // before the agent's clock of the first update
	s.acknowledged(x.update(newStatus("t1", mesos.TASK_STARTING)))
	s.acknowledged(x.update(newStatus("t1", mesos.TASK_RUNNING)))
	var first mesos.TaskStatus
	for range 3 {
		first = r.update(mesos.TASK_STARTING, false)
	}
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("three times within %v, want after 100 and 300 ms", took)
	}
	wrong := newStatus("t1", mesos.TASK_STARTING)
	r.acknowledge("f1", wrong)
	r.update(mesos.TASK_STARTING, false)
	r.acknowledge("f1", first)
	r.update(mesos.TASK_RUNNING, true)
}
