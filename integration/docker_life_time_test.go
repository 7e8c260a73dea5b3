package integration_test

import (
	"slices"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// A container that takes longer than it may is killed without a grace period,
// whatever its own policy is, and fails; its dataset is given back.
func TestDockerMaxCompletionTime(t *testing.T) {
	t.Parallel()
	c := docked(t, "linux")
	task := inContainer("docker-overdue", "", "docker-overdue", `trap '' TERM; while :; do sleep 0.1; done`)
	task.KillGrace = "1h"
	submit(t, c, limited(task, 8*time.Second))
	reaches(t, c, task.ID, mesos.TASK_RUNNING)
	end := reaches(t, c, task.ID, mesos.TASK_FAILED)
	wantReason(t, end, mesos.REASON_MAX_COMPLETION_TIME_REACHED)
	says(t, end, "max_completion_time of 8s is over", "Container exited with status 137")
	wantLabel(t, end, "docker-overdue", "released")
	if all := states(t, c, task.ID); slices.Contains(all, mesos.TASK_KILLING) {
		t.Errorf("states %v", all)
	}
	nothingOf(t, c, task.ID, "docker-overdue")
}
