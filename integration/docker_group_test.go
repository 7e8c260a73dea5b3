package integration_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// until is a shell script for a task of a group: it says its name on both
// outputs, writes it to its volume, and waits for a file stop in its sandbox, or
// does what it is told at SIGTERM.
func until(id, volume, atTerm, then string) string {
	return fmt.Sprintf(`trap '%s' TERM; echo "out of %[2]s"; echo "err of %[2]s" >&2; echo %[2]s > %[3]s/who
while [ ! -e "$MESOS_SANDBOX/stop" ]; do sleep 0.05; done; cat %[3]s/who; %[4]s`, atTerm, id, volume, then)
}

// trio launches a group of two containers and a process, and waits until all have
// written to their volumes.
func trio(t *testing.T, c *cluster.Minicluster, name string) (a, b, process string) {
	t.Helper()
	a, b, process = name+"-a", name+"-b", name+"-p"
	node := c.Nodes()[0].Name
	stubborn := inContainer(b, node, b, until(b, "/data", "echo told", "exit 0"))
	stubborn.KillGrace = "200ms"
	first := inContainer(a, node, a, until(a, "/data", "exit 143", "exit 3"))
	first.ShutdownGrace = "10m" // what a container gets that has no policy
	submitGroup(t, c, first, stubborn,
		volumeTask(process, node, process, until(process, "data", "exit 143", "exit 0")))
	for _, id := range []string{a, b, process} {
		wantLabel(t, reaches(t, c, id, mesos.TASK_RUNNING), id, "held")
		printed(t, c, id, "out of "+id)
	}
	return a, b, process
}

// Two containers and a process are a group: each has its own volume, sandbox and
// output. When one fails the others are killed, each in its own way.
func TestDockerGroup(t *testing.T) {
	inDocker(t, func(t *testing.T, isolation string, c *cluster.Minicluster) {
		a, b, process := trio(t, c, "trio-"+isolation)
		touch(t, c, a, "stop")
		says(t, reaches(t, c, a, mesos.TASK_FAILED), "Container exited with status 3")
		because := fmt.Sprintf("task %q of its group failed (Container exited with status 3)", a)
		says(t, reaches(t, c, b, mesos.TASK_KILLED), because, "Container exited with status 137")
		says(t, reaches(t, c, process, mesos.TASK_KILLED), because, "Command exited with status 143")
		printed(t, c, a, a+"\n")
		printed(t, c, b, "told\n")
		trioOver(t, c, a, b, process)
	})
}

// A process that is killed ends the containers of its group.
func TestDockerGroupKilled(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	a, b, process := trio(t, c, "trio-killed")
	kill(t, c, process)
	because := fmt.Sprintf("task %q of its group was killed", process)
	says(t, reaches(t, c, a, mesos.TASK_KILLED), because, "Container exited with status 143")
	says(t, reaches(t, c, b, mesos.TASK_KILLED), because, "Container exited with status 137")
	trioOver(t, c, a, b, process)
}

// A container that finishes is gone, with its volume free, and leaves the others
// alone.
func TestDockerGroupFinishes(t *testing.T) {
	t.Parallel()
	c := docked(t, "linux")
	a, b, process := trio(t, c, "trio-finished")
	touch(t, c, b, "stop")
	wantLabel(t, reaches(t, c, b, mesos.TASK_FINISHED), b, "released")
	gone(t, c, b)
	stillRunning(t, c, a)
	stillRunning(t, c, process)
	if found, err := containers(deadline(t), engineOf(t, c, c.Nodes()[0].Name), b); err != nil || len(found) > 0 {
		t.Errorf("containers of %s: %v (%v)", b, found, err)
	}
	kill(t, c, a)
	reaches(t, c, process, mesos.TASK_KILLED)
	trioOver(t, c, a, b, process)
}

// trioOver: nothing is left of any, and none has said anything where another does.
func trioOver(t *testing.T, c *cluster.Minicluster, ids ...string) {
	t.Helper()
	for _, id := range ids {
		nothingOf(t, c, id, id)
		for _, file := range []string{"stdout", "stderr"} {
			text, err := output(c, id, file)
			if err != nil || !strings.Contains(text, file[3:]+" of "+id+"\n") {
				t.Errorf("%s of %s is %q (%v)", file, id, text, err)
			}
			for _, other := range ids {
				if other != id && strings.Contains(text, other) {
					t.Errorf("%s of %s has something of %s: %q", file, id, other, text)
				}
			}
		}
	}
}

// A container and a process of a group cannot share a dataset, though one of them
// only reads: none of them begins.
func TestDockerGroupRefused(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	node := c.Nodes()[0].Name
	reads := inContainer("shared-reader", node, "", "true")
	reads.Labels["flocker.volume"] = "group-shared:/data:ro"
	submitGroup(t, c, reads, volumeTask("shared-writer", node, "group-shared", "true"))
	for _, id := range []string{"shared-reader", "shared-writer"} {
		end := reaches(t, c, id, mesos.TASK_FAILED)
		says(t, end, `both want dataset "group-shared"`)
		wantReason(t, end, mesos.REASON_TASK_INVALID)
	}
	noContainer(t, c, "shared-reader")
	unmade(t, c, "group-shared")
}

// An image that cannot be had ends the whole group, whatever the others have come
// to by then.
func TestDockerGroupWithoutAnImage(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	node := c.Nodes()[0].Name
	lacks := inContainer("imageless-a", node, "imageless-a", "true")
	lacks.Labels["flocker.image"] = "127.0.0.1:1/no/such:image"
	submitGroup(t, c, lacks, inContainer("imageless-b", node, "imageless-b", countingIn), member("imageless-p", node, counting))
	end := reaches(t, c, lacks.ID, mesos.TASK_FAILED)
	says(t, end, "127.0.0.1:1/no/such:image", "unreachable")
	wantReason(t, end, mesos.REASON_CONTAINER_LAUNCH_FAILED)
	for _, id := range []string{"imageless-b", "imageless-p"} {
		says(t, reaches(t, c, id, mesos.TASK_KILLED), `task "imageless-a" of its group failed`)
	}
	for _, id := range []string{"imageless-a", "imageless-b", "imageless-p"} {
		noContainer(t, c, id)
		oneTerminal(t, c, id)
		eventually(t, "the lease of "+id+" is returned", func() error { return notLeased(c, id) })
	}
}

// notLeased: nobody has the dataset, which may never have been made.
func notLeased(c cluster.Cluster, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	all, err := c.Leases(ctx)
	for _, l := range all {
		if l.Dataset == computedID(name) {
			err = fmt.Errorf("%s has it", l.Node)
		}
	}
	return err
}

// What a container of a group finds in its environment: the executor's
// ExecutorInfo, over it its own CommandInfo, over it what it is told about itself;
// nothing of the executor's own.
func TestDockerEnvironmentInside(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	node := c.Nodes()[0].Name
	task := inContainer("environment", node, "environment", `env | sort; echo "at $PWD"`)
	task.Environment = map[string]string{
		"ONLY_EXECUTOR": "executor", "BOTH": "executor", "MESOS_ALLOCATION_ROLE": "no",
		"FLOCKER_EXECUTOR_LOG_LEVEL": "debug", "LIBPROCESS_SSL_ENABLED": "false",
	}
	task.Info = func(info *mesos.TaskInfo) {
		info.Command.Environment = &mesos.Environment{Variables: []mesos.Environment_Variable{
			{Name: "ONLY_TASK", Value: ptr("task")},
			{Name: "BOTH", Value: ptr("task")},
			{Name: "MESOS_CONTAINER_NAME", Value: ptr("no")},
			{Name: "MESOS_SANDBOX", Value: ptr("no")},
		}}
	}
	submitGroup(t, c, task)
	reaches(t, c, "environment", mesos.TASK_FINISHED)
	found := map[string]string{}
	for line := range strings.Lines(printed(t, c, "environment", "at ")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			found[name] = value
		}
	}
	if name := found["MESOS_CONTAINER_NAME"]; !strings.HasPrefix(name, "flocker-") {
		t.Errorf("MESOS_CONTAINER_NAME is %q", name)
	}
	for name, value := range map[string]string{
		"ONLY_EXECUTOR": "executor", "ONLY_TASK": "task", "BOTH": "task", "MESOS_ALLOCATION_ROLE": "*", "MESOS_SANDBOX": "/mnt/mesos/sandbox",
	} {
		if found[name] != value {
			t.Errorf("%s is %q, want %q", name, found[name], value)
		}
		delete(found, name)
	}
	// The rest is the engine's, its shell's and the image's.
	rest := slices.DeleteFunc(slices.Sorted(maps.Keys(found)), func(name string) bool {
		return slices.Contains([]string{"MESOS_CONTAINER_NAME", "HOME", "HOSTNAME", "PATH", "PWD", "SHLVL"}, name)
	})
	if len(rest) > 0 {
		t.Errorf("there are %q, too", rest)
	}
	nothingOf(t, c, "environment", "environment")
}
