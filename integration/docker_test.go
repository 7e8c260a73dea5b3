package integration_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A container writes, is killed, and goes on with its data on the other node.
func TestVolumeFollowsTheContainer(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		dataset, last := "contained-"+isolation, 0
		for i, n := range []int{0, 1, 0} {
			id, node := fmt.Sprintf("contained-%s-%d", isolation, i), c.Nodes()[n].Name
			status := runningIn(t, c, id, node, dataset)
			inspected(t, c, node, status)
			if i > 0 {
				complete(t, c, id, last)
			}
			kill(t, c, id)
			last = lastSynced(t, c, id)
			nothingOf(t, c, id, dataset)
		}
	})
}

// inspected: RUNNING carries what docker inspect prints, of a container that
// runs, and where it is to be reached.
func inspected(t *testing.T, c *cluster.Minicluster, node string, status mesos.TaskStatus) {
	t.Helper()
	var found []container.InspectResponse
	if err := json.Unmarshal(status.Data, &found); err != nil || len(found) != 1 {
		t.Fatalf("data of RUNNING: %v, %d bytes: %.200s", err, len(status.Data), status.Data)
	}
	if s := found[0].State; s == nil || !s.Running || s.Pid == 0 || found[0].Config.Image != cluster.Image {
		t.Errorf("data of RUNNING: %+v of %s", found[0].State, found[0].Config.Image)
	}
	own := theContainer(t, engineOf(t, c, node), status.GetTaskID().Value)
	if own.ID != found[0].ID || !strings.HasPrefix(found[0].Name, "/flocker-") {
		t.Errorf("data of RUNNING is of %s (%s), the task's container is %s", found[0].ID, found[0].Name, own.ID)
	}
	if len(status.GetContainerStatus().GetNetworkInfos()) == 0 {
		t.Errorf("RUNNING without network_infos: %+v", status.GetContainerStatus())
	}
}

// The statuses of a container that ends by itself, and what they say.
func TestContainerStatuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		command string
		state   mesos.TaskState
		reason  mesos.TaskStatus_Reason
		says    string
	}{
		"finished":  {"true", mesos.TASK_FINISHED, mesos.REASON_COMMAND_EXECUTOR_FAILED, "Container exited with status 0"},
		"failed":    {"exit 7", mesos.TASK_FAILED, mesos.REASON_COMMAND_EXECUTOR_FAILED, "Container exited with status 7"},
		"no memory": {"exec tail /dev/zero", mesos.TASK_FAILED, mesos.REASON_CONTAINER_LIMITATION_MEMORY, "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := docked(t, "posix")
			id := "container-" + strings.ReplaceAll(name, " ", "-")
			submit(t, c, inContainer(id, "", id, tc.command))
			status := reaches(t, c, id, tc.state)
			says(t, status, tc.says)
			if tc.state == mesos.TASK_FAILED && status.GetReason() != tc.reason {
				t.Errorf("reason %s, want %s", status.GetReason(), tc.reason)
			}
			nothingOf(t, c, id, id)
		})
	}
}

// A relative path lies in the sandbox as the container sees it, and the sandbox
// itself gets no mount. Both outputs are there, whole and apart.
func TestContainerInItsSandbox(t *testing.T) {
	t.Parallel()
	c := docked(t, "linux")
	task := inContainer("in-sandbox", "", "in-sandbox", `cd "$MESOS_SANDBOX" && echo kept > data/file && echo plain > file
i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo "out $i"; echo "err $i" >&2; done`)
	task.Labels["flocker.volume"] = "in-sandbox:data:size=64MiB"
	finishes(t, c, task)
	for file, word := range map[string]string{"stdout": "out", "stderr": "err"} {
		text, err := output(c, "in-sandbox", file)
		got := 0
		for line := range strings.Lines(text) { // stderr has the executor's log, too
			if line == fmt.Sprintf("%s %d\n", word, got+1) {
				got++
			}
		}
		if err != nil || got != 2000 {
			t.Errorf("%s has %d of 2000 lines in order (%v)", file, got, err)
		}
	}
	if text, err := output(c, "in-sandbox", "file"); err != nil || text != "plain\n" {
		t.Errorf("the sandbox's file: %q (%v)", text, err)
	}
	nothingOf(t, c, "in-sandbox", "in-sandbox")
	reader := inContainer("reads-only", "", "in-sandbox", `cat /data/file; touch /data/new 2>/dev/null || echo read-only`)
	reader.Labels["flocker.volume"] = "in-sandbox:/data:ro,size=64MiB"
	if got := finishes(t, c, reader); got != "kept\nread-only\n" {
		t.Errorf("the second container said %q", got)
	}
	nothingOf(t, c, "reads-only", "in-sandbox")
}
