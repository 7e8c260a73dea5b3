package integration_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// wholeLog says whether the counters of all tasks together have counted without a
// gap and without a number twice, as they cannot if two wrote at once.
const wholeLog = `i=0; while read -r n; do i=$((i + 1)); [ "$n" = $i ] || { echo "line $i is $n"; exit 1; }; done < /data/log; echo "whole: $i"`

// The linux launcher kills the executor and all that outlives it, on a node where no
// executor starts any more. Nobody gives the dataset back: the lease runs out, and
// the other node takes it. The container, which lay in the executor's cgroup, has
// died before, so that nothing is written beside the other node's task.
func TestDockerNothingBesideTheOtherNode(t *testing.T) {
	t.Parallel()
	nothingBeside(t, false)
}

func nothingBeside(t *testing.T, v2 bool) {
	t.Helper()
	c := startFaulty(t, cluster.Options{
		Isolation: "linux", Docker: true, CgroupV2: v2, Environment: map[string]string{"FLOCKER_EXECUTOR_LEASE": "8s"},
	})
	here, there := c.Nodes()[0].Name, c.Nodes()[1].Name
	engine := engineOf(t, c, here)
	runningIn(t, c, "expires", here, "expires")
	was := theContainer(t, engine, "expires")
	belowItsExecutor(t, c, "expires", was.ID, v2)
	submit(t, c, inContainer("expires-next", there, "expires", countingIn))
	reaches(t, c, "expires-next", mesos.TASK_STARTING)
	killExecutor(t, c, "expires")
	next := reaches(t, c, "expires-next", mesos.TASK_RUNNING)
	if lives(was.ID) {
		t.Error("the container lives beside the other node's task")
	}
	if died := eventAt(t, engine, "die", "expires"); float64(died.UnixMilli())/1000 >= next.GetTimestamp() {
		t.Errorf("the container died at %s, the other node's task ran %.3f seconds after 1970", died, next.GetTimestamp())
	}
	nobodyReturned(t, c, "expires", here)
	printed(t, c, "expires-next", "synced ")
	containsAll(t, c, "expires-next", lastSynced(t, c, "expires"))
	kill(t, c, "expires-next")
	if got := finishes(t, c, inContainer("expires-whole", there, "expires", wholeLog)); !strings.HasPrefix(got, "whole: ") {
		t.Error(got)
	}
	finishes(t, c, inContainer("expires-heals", here, "expires-heals", "true"))
	nothingOf(t, c, "expires", "expires", "expires-heals")
}

// An engine with the cgroup driver systemd makes no cgroup below the executor's.
// With the linux launcher its container would go on when the agent has killed all
// else: volumes are refused before the control service is asked for anything. With
// the posix launcher the agent kills no cgroup; and here, where there is no systemd,
// the engine fails, after which nothing is left.
func TestDockerSystemdDriver(t *testing.T) {
	t.Parallel()
	for isolation, says := range map[string][]string{
		"linux": {"cgroup driver is systemd", "would go on writing", "--exec-opt native.cgroupdriver=cgroupfs"},
		"posix": {"systemd"},
	} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := startFaulty(t, cluster.Options{Isolation: isolation, Docker: true, DockerSystemd: true, Nodes: 1})
			info, err := engineOf(t, c, c.Nodes()[0].Name).API.Info(deadline(t), client.InfoOptions{})
			if err != nil || info.Info.CgroupDriver != "systemd" {
				t.Fatalf("the engine's driver is %q (%v)", info.Info.CgroupDriver, err)
			}
			refused(t, c, inContainer("unfenced", "", "unfenced", "true"), says...)
			nothingOf(t, c, "unfenced", "unfenced")
			if asked, want := askedFor(c, "unfenced"), isolation == "posix"; asked != want {
				t.Errorf("the control service was asked for the dataset: %v, want %v", asked, want)
			}
			plain := inContainer("plain", "", "", "true")
			delete(plain.Labels, "flocker.volume")
			refused(t, c, plain, "systemd/private") // which is not there
			said, err := output(c, "plain", "stderr")
			if warned := strings.Contains(said, "limits do not hold for the container"); err != nil || warned != (isolation == "linux") {
				t.Errorf("the executor has warned: %v (%v)", warned, err)
			}
			nothingOf(t, c, "plain")
		})
	}
}

// askedFor says whether any request named the dataset.
func askedFor(c *cluster.Minicluster, name string) bool {
	for _, e := range c.Service.Entries() {
		if text := e.Path + e.Body; strings.Contains(text, computedID(name)) || strings.Contains(text, `"`+name+`"`) {
			return true
		}
	}
	return false
}

// Where the engine maps users, root of a container is an ordinary user to a dataset,
// and may not change what the node's root has written there. The executor says so
// beforehand; a container with the node's users may, and no warning is given.
func TestDockerRemappedUsers(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Docker: true, DockerRemap: true, Nodes: 1})
	host := []mesos.Parameter{{Key: "userns", Value: "host"}}
	for _, tc := range []struct {
		id, command, says string
		parameters        []mesos.Parameter
	}{
		{"unmapped", "echo x > /data/roots; stat -c %u /data/roots", "0\n", host},
		{"mapped", "echo x >> /data/roots; echo x > /data/mapped; stat -c %u /data/mapped /data/roots", "/bin/sh: can't create /data/roots: Permission denied\n0\n65534\n", nil},
		{"unmapped-again", "echo x >> /data/mapped; stat -c %u /data/mapped", "200000\n", host},
	} {
		task := inContainer(tc.id, "", "remapped", "exec 2>&1; "+tc.command)
		got := finishes(t, c, networked(task, mesos.ContainerInfo_DockerInfo_NONE, func(info *mesos.TaskInfo) {
			info.Container.Docker.Parameters = tc.parameters
		}))
		said, err := output(c, tc.id, "stderr")
		if warned := strings.Contains(said, "maps users"); err != nil || warned != (tc.parameters == nil) || got != tc.says {
			t.Errorf("task %s says %q, want %q; the executor has warned: %v (%v)", tc.id, got, tc.says, warned, err)
		}
		nothingOf(t, c, tc.id, "remapped")
	}
}
