package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A COMMAND check sees what the task sees: the volume, which nobody else does.
func TestCommandCheckOnTheVolume(t *testing.T) {
	c := shared(t)
	t.Parallel()
	id := "check-command"
	task := volumeTask(id, "", id, `while [ ! -e go ]; do sleep 0.05; done; touch data/ok; exec sleep 1000`)
	check := often()
	check.Type = mesos.CheckInfo_COMMAND
	check.Command = &mesos.CheckInfo_Command{Command: *shellCommand("test -e data/ok || exit 7")}
	begins(t, c, withCheck(task, check))
	checked(t, c, id, "COMMAND 7")
	touch(t, c, id, "go")
	checked(t, c, id, "COMMAND 0")
	sandbox, err := c.Sandbox(deadline(t), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(sandbox, "data", "ok")); err == nil {
		t.Error("the volume is seen from outside the task")
	}
	kill(t, c, id)
	wantHistory(t, c, id, `STARTING COMMAND
RUNNING COMMAND
RUNNING CHECK_STATUS_UPDATED COMMAND 7
RUNNING CHECK_STATUS_UPDATED COMMAND 0
KILLING COMMAND
KILLED COMMAND`)
	gone(t, c, id)
	noProcess(t, c, id)
}

func TestHTTPCheck(t *testing.T) {
	c := shared(t)
	t.Parallel()
	id, port := "check-http", freePort(t, "127.0.0.1")
	check := often()
	check.Type, check.HTTP = mesos.CheckInfo_HTTP, &mesos.CheckInfo_Http{Port: uint32(port), Path: ptr("/health?full=1")}
	task := volumeTask(id, "", id, `(while [ ! -e go ]; do sleep 0.05; done; echo well > data/health) & `+webServer("127.0.0.1", port))
	begins(t, c, withCheck(task, check))
	checked(t, c, id, "HTTP 404")
	touch(t, c, id, "go")
	checked(t, c, id, "HTTP 200")
	touch(t, c, id, "stop")
	lastSays(t, c, id, "HTTP") // nobody answers: no result
	kill(t, c, id)
	noProcess(t, c, id)
}

func TestTCPCheck(t *testing.T) {
	c := shared(t)
	t.Parallel()
	id, port := "check-tcp", freePort(t, "127.0.0.1")
	check := often()
	check.Type, check.TCP = mesos.CheckInfo_TCP, &mesos.CheckInfo_Tcp{Port: uint32(port)}
	task := volumeTask(id, "", id, `while [ ! -e go ]; do sleep 0.05; done; `+webServer("127.0.0.1", port))
	begins(t, c, withCheck(task, check))
	checked(t, c, id, "TCP false")
	touch(t, c, id, "go")
	checked(t, c, id, "TCP true")
	touch(t, c, id, "stop")
	lastSays(t, c, id, "TCP false")
	kill(t, c, id)
	noProcess(t, c, id)
}

// A run that takes too long is killed, and its result is none.
func TestCheckTimesOut(t *testing.T) {
	c := shared(t)
	t.Parallel()
	id := "check-timeout"
	check := often()
	check.Type, check.TimeoutSeconds = mesos.CheckInfo_COMMAND, ptr(1.0)
	check.Command = &mesos.CheckInfo_Command{Command: *shellCommand("if [ -e hang ]; then echo $$ >> hung; exec sleep 1000; fi")}
	begins(t, c, withCheck(cluster.Task{ID: id, Name: id, Command: "exec sleep 1000"}, check))
	// A machine at its limit may need more than a second.
	checked(t, c, id, "COMMAND 0")
	touch(t, c, id, "hang")
	lastSays(t, c, id, "COMMAND")
	if log := stderr(c, id); !strings.Contains(log, "no result within 1s") {
		t.Errorf("the log does not say why:%s", log)
	}
	kill(t, c, id)
	noProcess(t, c, id)
}

// A command runs as the task's user, in its sandbox, with its environment and
// the check's own.
func TestCommandCheckRunsAsTheTask(t *testing.T) {
	c := shared(t)
	t.Parallel()
	id := "check-user"
	task := cluster.Task{ID: id, Name: id, Command: "exec sleep 1000", Labels: map[string]string{"flocker.user": "nobody"}}
	task.Environment = map[string]string{"MINE": "task", "BOTH": "task", "FLOCKER_EXECUTOR_LOG_LEVEL": "debug"}
	command := mesos.CommandInfo{
		Shell: ptr(false), Value: ptr("/bin/sh"),
		Arguments: []string{"sh", "-c", `touch here || exit 1
			[ "$(id -un)" = nobody ] || exit 2
			[ "$PWD" = "$MESOS_SANDBOX" ] || exit 3
			[ "$MINE $BOTH $OWN" = "task check check" ] || exit 4
			[ -z "$FLOCKER_EXECUTOR_LOG_LEVEL" ] || exit 5
			[ "$1" = argument ] || exit 6
			exit 42`, "sh", "argument"},
		Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{
			{Name: "BOTH", Value: ptr("check")}, {Name: "OWN", Value: ptr("check")},
		}},
	}
	check := often()
	check.Type, check.Command = mesos.CheckInfo_COMMAND, &mesos.CheckInfo_Command{Command: command}
	begins(t, c, withCheck(task, check))
	s := tells(t, c, id, mesos.REASON_TASK_CHECK_STATUS_UPDATED, func(s mesos.TaskStatus) bool { return s.CheckStatus.GetCommand().GetExitCode() != 0 })
	if got := checkSays(s); got != "COMMAND 42" {
		t.Errorf("%s%s", got, stderr(c, id))
	}
	kill(t, c, id)
	noProcess(t, c, id)
}

// Every kind of health check finds a task healthy, and has it killed when it no
// longer is, with the same statuses.
func TestHealthChecks(t *testing.T) {
	c := shared(t)
	t.Parallel()
	const ipv4, ipv6 = "127.0.0.1", "::1"
	for name, tc := range map[string]struct {
		host  string
		check func(h *mesos.HealthCheck, port uint32)
		says  string
	}{
		"COMMAND": {ipv4, func(h *mesos.HealthCheck, _ uint32) {
			h.Type, h.Command = mesos.HealthCheck_COMMAND, shellCommand("test -e data/up && test ! -e stop || exit 9")
		}, "exit status 9"},
		"HTTP": {ipv4, func(h *mesos.HealthCheck, port uint32) {
			h.Type, h.HTTP = mesos.HealthCheck_HTTP, &mesos.HealthCheck_HTTPCheckInfo{Port: port, Path: ptr("/up")}
		}, "GET http://127.0.0.1:"},
		"HTTP IPv6": {ipv6, func(h *mesos.HealthCheck, port uint32) {
			h.Type, h.HTTP = mesos.HealthCheck_HTTP, &mesos.HealthCheck_HTTPCheckInfo{Port: port, Protocol: mesos.IPv6.Enum(), Scheme: ptr("http"), Path: ptr("/none"), Statuses: []uint32{404}}
		}, "GET http://[::1]:"},
		"TCP": {ipv4, func(h *mesos.HealthCheck, port uint32) {
			h.Type, h.TCP = mesos.HealthCheck_TCP, &mesos.HealthCheck_TCPCheckInfo{Port: port}
		}, "TCP 127.0.0.1:"},
		"TCP IPv6": {ipv6, func(h *mesos.HealthCheck, port uint32) {
			h.Type, h.TCP = mesos.HealthCheck_TCP, &mesos.HealthCheck_TCPCheckInfo{Port: port, Protocol: mesos.IPv6.Enum()}
		}, "TCP [::1]:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "health-" + strings.ToLower(strings.ReplaceAll(name, " ", "-"))
			port := freePort(t, tc.host)
			h := oftenHealthy(2)
			tc.check(&h, uint32(port))
			begins(t, c, withHealth(volumeTask(id, "", id, "echo yes > data/up; "+webServer(tc.host, port)), h))
			tells(t, c, id, mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED, healthy(true))
			touch(t, c, id, "stop")
			end := reaches(t, c, id, mesos.TASK_KILLED)
			says(t, end, "health check failed 2 times in a row in ", tc.says)
			wantHistory(t, c, id, `STARTING
RUNNING
RUNNING HEALTH_CHECK_STATUS_UPDATED healthy=true
RUNNING HEALTH_CHECK_STATUS_UPDATED healthy=false
RUNNING HEALTH_CHECK_STATUS_UPDATED healthy=false
KILLING
KILLED healthy=false`)
			gone(t, c, id)
			noProcess(t, c, id)
		})
	}
}
