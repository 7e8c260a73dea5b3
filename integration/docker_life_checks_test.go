package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// since asserts how a container's history goes on from its first RUNNING: what
// STARTING says of an image is as slow as its engine. From there on every status
// says where it is.
func since(t *testing.T, c cluster.Cluster, id, want string) {
	t.Helper()
	got := history(t, c, id)
	if _, got, _ = strings.Cut(got, "\nRUNNING"); "RUNNING"+got != want {
		t.Errorf("statuses:\nRUNNING%s\nwanted:\n%s", got, want)
	}
	placed(t, c, id)
}

// placed asserts that every status of a container but STARTING has its address.
func placed(t *testing.T, c cluster.Cluster, id string) {
	t.Helper()
	all, err := c.Statuses(deadline(t), id)
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(s mesos.TaskStatus) bool { return s.GetState() == mesos.TASK_STARTING })
	for _, s := range all {
		if at, first := addresses(s)[""], addresses(all[0])[""]; at == "" || at != first {
			t.Errorf("%s (%s) says that the container is at %q, the first RUNNING %q", s.GetState(), s.GetReason(), at, first)
		}
	}
}

// bridged is a task in a container on the bridge.
func bridged(task cluster.Task, more ...func(*mesos.TaskInfo)) cluster.Task {
	return networked(task, mesos.ContainerInfo_DockerInfo_BRIDGE, more...)
}

// Every kind of health check finds a container healthy, and has it killed when it
// no longer is. Its server listens where only the container's own processes are.
func TestDockerHealthChecks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		check func(h *mesos.HealthCheck, port uint32)
		says  string
	}{
		"COMMAND": {func(h *mesos.HealthCheck, _ uint32) {
			h.Type, h.Command = mesos.HealthCheck_COMMAND, shellCommand(`test -e /data/who && test ! -e "$MESOS_SANDBOX/stop" || exit 9`)
		}, "exit status 9"},
		"HTTP": {func(h *mesos.HealthCheck, port uint32) {
			h.Type, h.HTTP = mesos.HealthCheck_HTTP, &mesos.HealthCheck_HTTPCheckInfo{Port: port, Path: ptr("/who")}
		}, "GET http://127.0.0.1:"},
		"TCP": {func(h *mesos.HealthCheck, port uint32) {
			h.Type, h.TCP = mesos.HealthCheck_TCP, &mesos.HealthCheck_TCPCheckInfo{Port: port}
		}, "TCP 127.0.0.1:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := docked(t, "posix")
			id, port := "docker-health-"+strings.ToLower(name), offeredPort(t)
			address := fmt.Sprint("127.0.0.1:", port)
			h := oftenHealthy(2)
			tc.check(&h, port)
			begins(t, c, bridged(inContainer(id, "", id, serving(id, address)), func(info *mesos.TaskInfo) { info.HealthCheck = &h }))
			tells(t, c, id, mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED, healthy(true))
			silent(t, address)
			touch(t, c, id, "stop")
			says(t, reaches(t, c, id, mesos.TASK_KILLED), "task is unhealthy: health check failed 2 times in a row in ", tc.says, "Container exited with status 143")
			since(t, c, id, `RUNNING
RUNNING HEALTH_CHECK_STATUS_UPDATED healthy=true
RUNNING HEALTH_CHECK_STATUS_UPDATED healthy=false
RUNNING HEALTH_CHECK_STATUS_UPDATED healthy=false
KILLING
KILLED healthy=false`)
			nothingOf(t, c, id, id)
		})
	}
}

// Checks that go by the network look into the container's, and tell what they find.
func TestDockerChecksInside(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		check            func(c *mesos.CheckInfo)
		before, up, down string
	}{
		"HTTP": {func(c *mesos.CheckInfo) {
			c.Type, c.HTTP = mesos.CheckInfo_HTTP, &mesos.CheckInfo_Http{Port: 8080, Path: ptr("/who")}
		}, "", "HTTP 200", "HTTP"},
		"TCP": {func(c *mesos.CheckInfo) {
			c.Type, c.TCP = mesos.CheckInfo_TCP, &mesos.CheckInfo_Tcp{Port: 8080}
		}, "TCP false", "TCP true", "TCP false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, id := docked(t, "linux"), "docker-check-"+strings.ToLower(name)
			check := often()
			tc.check(&check)
			script := `while [ ! -e "$MESOS_SANDBOX/go" ]; do sleep 0.05; done; ` + serving(id, "127.0.0.1:8080")
			begins(t, c, bridged(inContainer(id, "", id, script), func(info *mesos.TaskInfo) { info.Check = &check }))
			if tc.before != "" {
				checked(t, c, id, tc.before)
			}
			touch(t, c, id, "go")
			checked(t, c, id, tc.up)
			touch(t, c, id, "stop")
			lastSays(t, c, id, tc.down)
			kill(t, c, id)
			nothingOf(t, c, id, id)
		})
	}
}

// A check's command runs in the container, as its user, with its environment and
// the check's own.
func TestDockerCommandCheck(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	id := "docker-check-command"
	task := inContainer(id, "", id, `trap 'exit 143' TERM; while [ ! -e /data/end ]; do sleep 0.05; done`)
	task.Labels["flocker.user"] = "1234"
	task.Environment = map[string]string{"MINE": "task", "BOTH": "task", "FLOCKER_EXECUTOR_LOG_LEVEL": "debug"}
	check := often()
	check.Type, check.Command = mesos.CheckInfo_COMMAND, &mesos.CheckInfo_Command{Command: mesos.CommandInfo{
		Shell: ptr(false), Value: ptr("/bin/sh"),
		Arguments: []string{"-c", `grep -q /data/end /proc/1/cmdline || exit 1
			[ "$(id -u)" = 1234 ] || exit 2
			[ "$MESOS_SANDBOX" = /mnt/mesos/sandbox ] || exit 3
			[ "$MINE $BOTH $OWN" = "task check check" ] || exit 4
			[ -z "$FLOCKER_EXECUTOR_LOG_LEVEL" ] || exit 5
			[ "$1" = argument ] || exit 6
			touch /data/checked || exit 7
			exit 42`, "sh", "argument"},
		Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{
			{Name: "BOTH", Value: ptr("check")}, {Name: "OWN", Value: ptr("check")},
		}},
	}}
	begins(t, c, bridged(task, func(info *mesos.TaskInfo) { info.Check = &check }))
	checked(t, c, id, "COMMAND 42")
	kill(t, c, id)
	since(t, c, id, `RUNNING COMMAND
RUNNING CHECK_STATUS_UPDATED COMMAND 42
KILLING COMMAND
KILLED COMMAND`)
	nothingOf(t, c, id, id)
}
