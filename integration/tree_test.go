package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// wild is a task whose processes do what they can not to be found or ended: in
// sessions and groups of their own, orphaned, stopped, deaf to SIGTERM, forking
// because of it. None but the first can be told by its environment. The first
// words are the PID namespace.
const wild = `readlink /proc/self/ns/pid
env -i setsid sh -c 'trap "" TERM HUP; sleep 1000; true' &
(env -i setsid sh -c '(trap "" TERM HUP; setsid sh -c "sleep 1000; true") &' &)
env -i setsid sh -c 'kill -STOP $$; sleep 1000; true' &
n=0
while [ $n -lt 50 ]; do env -i sh -c 'trap "sleep 1000 & sleep 1000 & sleep 1000" TERM; while :; do sleep 1000 & wait; done' & n=$((n+1)); done
trap '' TERM HUP
echo ready
while :; do sleep 0.1; done`

// inNamespace lists the processes of a PID namespace, as its link reads.
func inNamespace(t *testing.T, namespace string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == namespace {
			found = append(found, link)
		}
	}
	return found
}

// launchWild starts the wild task and returns its namespace.
func launchWild(t *testing.T, c cluster.Cluster, id string) string {
	t.Helper()
	submit(t, c, cluster.Task{ID: id, Name: "wild", Command: wild})
	reaches(t, c, id, mesos.TASK_RUNNING)
	namespace, _, _ := strings.Cut(printed(t, c, id, "ready"), "\n")
	if !strings.HasPrefix(namespace, "pid:[") {
		t.Fatalf("the task is in namespace %q", namespace)
	}
	found := inNamespace(t, namespace)
	if len(found) < 50 {
		t.Fatalf("%d processes in namespace %s", len(found), namespace)
	}
	reserve(t, found[0])
	return namespace
}

// reserve keeps a namespace's number from being given to the next one, another
// test's, while this test looks for processes by it.
func reserve(t *testing.T, link string) {
	t.Helper()
	namespace, err := os.Open(link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = namespace.Close() }) // nothing was written
}

func nobodyIn(t *testing.T, namespace string) {
	t.Helper()
	eventually(t, "nobody is left in "+namespace, func() error {
		if left := inNamespace(t, namespace); len(left) > 0 {
			return fmt.Errorf("%d processes are", len(left))
		}
		return nil
	})
}

// The whole tree has ended when the terminal status comes.
func TestTreeEndsWithItsTask(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := start(t, cluster.Options{Isolation: isolation, Nodes: 1})
			id := "wild-" + isolation
			namespace := launchWild(t, c, id)
			grace := 200 * time.Millisecond
			if err := c.Kill(deadline(t), id, &grace); err != nil {
				t.Fatal(err)
			}
			reaches(t, c, id, mesos.TASK_KILLED)
			if left := inNamespace(t, namespace); len(left) > 0 {
				t.Errorf("%d processes live on after TASK_KILLED", len(left))
			}
			noProcess(t, c, id)
		})
	}
}

// kill -9 of the executor, while there is no agent that could kill anything.
func TestTreeEndsWithItsExecutor(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			c := start(t, cluster.Options{Isolation: isolation, Nodes: 1})
			id, node := "orphaned-"+isolation, c.Nodes()[0].Name
			namespace := launchWild(t, c, id)
			if err := c.KillAgent(deadline(t), node); err != nil {
				t.Fatal(err)
			}
			killExecutor(t, c, id)
			nobodyIn(t, namespace)
			noProcess(t, c, id)
			if err := c.StartAgent(deadline(t), node); err != nil {
				t.Fatal(err)
			}
			reaches(t, c, id, mesos.TASK_FAILED, mesos.TASK_LOST, mesos.TASK_GONE)
		})
	}
}

// A task that is stopped sees the SIGTERM of a kill all the same.
func TestKillWakesAStoppedTask(t *testing.T) {
	t.Parallel()
	c := shared(t)
	id := "stopped"
	submit(t, c, cluster.Task{
		ID: id, Name: "stopped",
		Command: `trap 'echo woken; exit 0' TERM; echo ready; kill -STOP $$; while :; do sleep 0.05; done`,
	})
	reaches(t, c, id, mesos.TASK_RUNNING)
	printed(t, c, id, "ready")
	grace := 30 * time.Second
	if err := c.Kill(deadline(t), id, &grace); err != nil {
		t.Fatal(err)
	}
	reaches(t, c, id, mesos.TASK_KILLED)
	printed(t, c, id, "woken")
}
