package integration_test

import (
	"fmt"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// counting appends numbers to a file on the volume and reports each once it is
// synced; it first reports the last one it found.
const counting = `n=$(tail -n 1 data/log 2>/dev/null || echo 0); echo "found ${n:-0}"
while :; do n=$((n + 1)); echo $n >> data/log; sync data/log; echo "synced $n"; sleep 0.02; done`

func counter(id, node, name string) cluster.Task {
	return cluster.Task{
		ID: id, Name: "counter", Node: node, Command: counting,
		Labels: map[string]string{"flocker.volume": name + ":data:size=64MiB"},
	}
}

// inEachIsolation runs a test on a cluster of its own in each of the agent's
// isolation modes.
func inEachIsolation(t *testing.T, test func(t *testing.T, isolation string, c cluster.Cluster)) {
	t.Helper()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			test(t, isolation, start(t, cluster.Options{Isolation: isolation}))
		})
	}
}

// lastSynced is the last number the task reported as synced.
func lastSynced(t *testing.T, c cluster.Cluster, id string) int {
	t.Helper()
	text, err := output(c, id, "stdout")
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for line := range strings.Lines(text) {
		var n int
		if _, err := fmt.Sscanf(line, "synced %d\n", &n); err == nil {
			last = n
		}
	}
	return last
}

// A task writes, is killed, and goes on with its data on the other node. Every
// number it reported as synced is there.
func TestVolumeFollowsTheTask(t *testing.T) {
	t.Parallel()
	inEachIsolation(t, func(t *testing.T, isolation string, c cluster.Cluster) {
		nodes := c.Nodes()
		last := 0
		for i, node := range []string{nodes[0].Name, nodes[1].Name, nodes[0].Name} {
			id := fmt.Sprintf("%s-%d", isolation, i)
			submit(t, c, counter(id, node, "webapp-data"))
			reaches(t, c, id, mesos.TASK_RUNNING)
			printed(t, c, id, fmt.Sprintf("synced %d\n", last+5))
			complete(t, c, id, last)
			if err := c.Kill(deadline(t), id, nil); err != nil {
				t.Fatal(err)
			}
			reaches(t, c, id, mesos.TASK_KILLED)
			gone(t, c, "webapp-data")
			noProcess(t, c, id)
			last = lastSynced(t, c, id)
		}
	})
}

// complete asserts that the task found everything that was reported as synced
// before: that number, or the one after it, if its writer was killed between
// writing and reporting.
func complete(t *testing.T, c cluster.Cluster, id string, synced int) {
	t.Helper()
	line, _, _ := strings.Cut(printed(t, c, id, "found "), "\n")
	var found int
	if _, err := fmt.Sscanf(line, "found %d", &found); err != nil || found < synced || found > synced+1 {
		t.Errorf("task %s says %q, want %d, the last number reported as synced", id, line, synced)
	}
}

// The statuses of a task that ends by itself, and what they say.
func TestStatuses(t *testing.T) {
	t.Parallel()
	c := shared(t)
	for _, tc := range []struct {
		name, command, message string
		state                  mesos.TaskState
	}{
		{"finished", "true", "Command exited with status 0", mesos.TASK_FINISHED},
		{"failed", "exit 7", "Command exited with status 7", mesos.TASK_FAILED},
		{"signalled", "kill -SEGV $$", "Command terminated with signal Segmentation fault", mesos.TASK_FAILED},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			id, name := "statuses-"+tc.name, "statuses-"+tc.name
			task := counter(id, "", name)
			task.Command = tc.command
			submit(t, c, task)
			status := reaches(t, c, id, tc.state)
			if !strings.HasPrefix(status.GetMessage(), tc.message) {
				t.Errorf("message %q, want %q", status.GetMessage(), tc.message)
			}
			all, err := c.Statuses(deadline(t), id)
			if err != nil {
				t.Fatal(err)
			}
			var states []string
			for _, s := range all {
				if len(states) == 0 || states[len(states)-1] != s.GetState().String() {
					states = append(states, s.GetState().String())
				}
			}
			want := []string{"TASK_STARTING", "TASK_RUNNING", tc.state.String()}
			if fmt.Sprint(states) != fmt.Sprint(want) {
				t.Errorf("states %v, want %v", states, want)
			}
			gone(t, c, name)
			noProcess(t, c, id)
		})
	}
}
