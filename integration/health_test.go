package integration_test

import (
	"fmt"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

func ptr[T any](v T) *T { return &v }

// watched gives a task a health check and a check, shell commands that run every
// tenth of a second.
func watched(task cluster.Task, health, check string) cluster.Task {
	task.Info = func(info *mesos.TaskInfo) {
		info.HealthCheck = &mesos.HealthCheck{
			Type: mesos.HealthCheck_COMMAND, Command: &mesos.CommandInfo{Value: &health},
			DelaySeconds: ptr(0.0), IntervalSeconds: ptr(0.1), GracePeriodSeconds: ptr(10.0), ConsecutiveFailures: ptr(uint32(3)),
		}
		info.Check = &mesos.CheckInfo{
			Type: mesos.CheckInfo_COMMAND, DelaySeconds: ptr(0.0), IntervalSeconds: ptr(0.1),
			Command: &mesos.CheckInfo_Command{Command: mesos.CommandInfo{Value: &check}},
		}
	}
	return task
}

// tells waits for a status of a running task with this reason, and more.
func tells(t *testing.T, c cluster.Cluster, id string, reason mesos.TaskStatus_Reason, more func(mesos.TaskStatus) bool) mesos.TaskStatus {
	t.Helper()
	s, err := c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool {
		return s.Reason != nil && *s.Reason == reason && more(s)
	})
	if err != nil {
		t.Fatalf("task %s tells no %v: %v%s", id, reason, err, stderr(c, id))
	}
	if s.GetState() != mesos.TASK_RUNNING {
		t.Errorf("%v comes with %v", reason, s.GetState())
	}
	return s
}

func healthy(want bool) func(mesos.TaskStatus) bool {
	return func(s mesos.TaskStatus) bool { return s.Healthy != nil && *s.Healthy == want }
}

func exitCode(want int32) func(mesos.TaskStatus) bool {
	return func(s mesos.TaskStatus) bool {
		code := s.GetCheckStatus().GetCommand()
		return code != nil && code.ExitCode != nil && *code.ExitCode == want
	}
}

// everyCheckStatus: a framework can tell from any status that there is a check.
func everyCheckStatus(t *testing.T, c cluster.Cluster, id string) {
	t.Helper()
	all, err := c.Statuses(deadline(t), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.CheckStatus == nil || s.CheckStatus.GetType() != mesos.CheckInfo_COMMAND || s.CheckStatus.Command == nil {
			t.Errorf("%s (%s) has check_status %v", s.GetState(), s.GetReason(), s.CheckStatus)
		}
	}
}

// The checks see the task's volume. What they find comes as updates; a task that
// stays unhealthy is killed, with its own grace period.
func TestUnhealthyTaskIsKilled(t *testing.T) {
	t.Parallel()
	c := shared(t)
	task := volumeTask("unwell", "", "unwell", `trap 'echo told; exit 0' TERM; touch data/well
while :; do if [ -e sicken ]; then echo 8 > data/code; rm -f data/well; fi; sleep 0.05; done`)
	submit(t, c, watched(task, "test -e data/well", "exit $(cat data/code || echo 7)"))
	first := reaches(t, c, "unwell", mesos.TASK_RUNNING)
	if first.Healthy != nil || first.Reason != nil {
		t.Errorf("the first TASK_RUNNING has healthy %v, reason %v", first.Healthy, first.Reason)
	}
	tells(t, c, "unwell", mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED, healthy(true))
	tells(t, c, "unwell", mesos.REASON_TASK_CHECK_STATUS_UPDATED, exitCode(7))
	touch(t, c, "unwell", "sicken")
	tells(t, c, "unwell", mesos.REASON_TASK_CHECK_STATUS_UPDATED, exitCode(8))
	tells(t, c, "unwell", mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED, healthy(false))
	end := reaches(t, c, "unwell", mesos.TASK_KILLED)
	if end.Healthy == nil || *end.Healthy {
		t.Errorf("the last status has healthy %v", end.Healthy)
	}
	says(t, end, "task is unhealthy: health check failed 3 times in a row", "Command exited with status 0")
	printed(t, c, "unwell", "told")
	everyCheckStatus(t, c, "unwell")
	failures(t, c, "unwell", 3)
	gone(t, c, "unwell")
	noProcess(t, c, "unwell")
}

// failures counts the updates that say the task is unhealthy: one for each.
func failures(t *testing.T, c cluster.Cluster, id string, want int) {
	t.Helper()
	all, err := c.Statuses(deadline(t), id)
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for _, s := range all {
		if s.GetReason() == mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED && healthy(false)(s) {
			got++
		}
	}
	if got != want {
		t.Errorf("%d updates say that %s is unhealthy, want %d", got, id, want)
	}
}

// Without an agent there are no checks: a task that would fail them goes on, and
// is killed when the agent is back.
func TestChecksPauseWhileTheAgentIsAway(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Nodes: 1})
	node := c.Nodes()[0].Name
	submit(t, c, watched(counter("paused", node, "paused"), "echo x >> checks; test ! -e ill", "true"))
	tells(t, c, "paused", mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED, healthy(true))
	if err := c.KillAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	ran := settled(t, c, "paused")
	touch(t, c, "paused", "ill")
	printed(t, c, "paused", fmt.Sprintf("synced %d\n", lastSynced(t, c, "paused")+50)) // a second, or ten checks
	if now := checksRun(t, c, "paused"); now != ran {
		t.Errorf("%d checks ran while the agent was away", now-ran)
	}
	if err := c.StartAgent(deadline(t), node); err != nil {
		t.Fatal(err)
	}
	reaches(t, c, "paused", mesos.TASK_KILLED)
	failures(t, c, "paused", 3)
	gone(t, c, "paused")
	noProcess(t, c, "paused")
}

// checksRun counts the lines that the health check leaves.
func checksRun(t *testing.T, c cluster.Cluster, id string) int {
	t.Helper()
	lines, err := output(c, id, "checks")
	if err != nil {
		t.Fatal(err)
	}
	return len(lines) / len("x\n")
}

// settled waits until the checks of a task whose agent is gone have stopped: the
// executor notices in its own time.
func settled(t *testing.T, c cluster.Cluster, id string) int {
	t.Helper()
	ran := -1
	eventually(t, "the checks stop", func() error {
		before := ran
		printed(t, c, id, fmt.Sprintf("synced %d\n", lastSynced(t, c, id)+20))
		if ran = checksRun(t, c, id); ran != before {
			return fmt.Errorf("%d have run", ran)
		}
		return nil
	})
	return ran
}
