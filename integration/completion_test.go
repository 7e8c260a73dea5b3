package integration_test

import (
	"slices"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// limited limits a task's time from its LAUNCH on.
func limited(task cluster.Task, d time.Duration) cluster.Task {
	task.Info = func(info *mesos.TaskInfo) {
		info.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: d.Nanoseconds()}
	}
	return task
}

// states are those of a task's statuses so far.
func states(t *testing.T, c cluster.Cluster, id string) []mesos.TaskState {
	t.Helper()
	all, err := c.Statuses(deadline(t), id)
	if err != nil {
		t.Fatal(err)
	}
	var found []mesos.TaskState
	for _, s := range all {
		found = append(found, s.GetState())
	}
	return found
}

func wantReason(t *testing.T, s mesos.TaskStatus, want mesos.TaskStatus_Reason) {
	t.Helper()
	if s.Reason == nil || *s.Reason != want {
		t.Errorf("%s of %s has reason %v, want %v", s.GetState(), s.TaskID.Value, s.Reason, want)
	}
}

// A task that takes longer than it may is killed without a grace period, even one
// that would ignore SIGTERM, and fails.
func TestMaxCompletionTime(t *testing.T) {
	t.Parallel()
	c := shared(t)
	task := volumeTask("overdue", "", "overdue", `trap '' TERM; while :; do sleep 0.1; done`)
	task.KillGrace = "1h"
	submit(t, c, limited(task, 3*time.Second))
	reaches(t, c, "overdue", mesos.TASK_RUNNING)
	end := reaches(t, c, "overdue", mesos.TASK_FAILED)
	wantReason(t, end, mesos.REASON_MAX_COMPLETION_TIME_REACHED)
	says(t, end, "max_completion_time of 3s is over", "Command terminated with signal Killed")
	if all := states(t, c, "overdue"); slices.Contains(all, mesos.TASK_KILLING) {
		t.Errorf("states %v", all)
	}
	gone(t, c, "overdue")
	noProcess(t, c, "overdue")
}

// The time counts from the LAUNCH: a volume that does not come takes all of it.
func TestMaxCompletionTimeWhileAcquiring(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1})
	c.Service.PauseAgent(c.Nodes()[0].Flocker)
	submit(t, c, limited(counter("overdue", "", "never-mounted"), 2*time.Second))
	end := reaches(t, c, "overdue", mesos.TASK_FAILED)
	wantReason(t, end, mesos.REASON_MAX_COMPLETION_TIME_REACHED)
	says(t, end, "max_completion_time of 2s is over", "never-mounted")
	noProcess(t, c, "overdue")
	leases, err := c.Leases(deadline(t))
	if err != nil || len(leases) != 0 {
		t.Errorf("leases %v (%v)", leases, err)
	}
	c.Service.ResumeAgent(c.Nodes()[0].Flocker)
	gone(t, c, "never-mounted")
}

// A task that is done in time is none the worse for it.
func TestMaxCompletionTimeKept(t *testing.T) {
	t.Parallel()
	c := shared(t)
	submit(t, c, limited(volumeTask("in-time", "", "in-time", "true"), time.Minute))
	reaches(t, c, "in-time", mesos.TASK_FINISHED)
	gone(t, c, "in-time")
}
