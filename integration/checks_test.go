package integration_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// often are the times of a check that is made as often as it gets.
func often() mesos.CheckInfo {
	return mesos.CheckInfo{DelaySeconds: ptr(0.0), IntervalSeconds: ptr(0.0), TimeoutSeconds: ptr(20.0)}
}

// oftenHealthy are those of a health check. Its grace period lasts until the
// task is healthy.
func oftenHealthy(failures uint32) mesos.HealthCheck {
	return mesos.HealthCheck{
		DelaySeconds: ptr(0.0), IntervalSeconds: ptr(0.0), TimeoutSeconds: ptr(20.0),
		GracePeriodSeconds: ptr(300.0), ConsecutiveFailures: &failures,
	}
}

func shellCommand(script string) *mesos.CommandInfo {
	return &mesos.CommandInfo{Shell: ptr(true), Value: &script}
}

func withCheck(task cluster.Task, c mesos.CheckInfo) cluster.Task {
	task.Info = func(t *mesos.TaskInfo) { t.Check = &c }
	return task
}

func withHealth(task cluster.Task, h mesos.HealthCheck) cluster.Task {
	task.Info = func(t *mesos.TaskInfo) { t.HealthCheck = &h }
	return task
}

func begins(t *testing.T, c cluster.Cluster, task cluster.Task) {
	t.Helper()
	submit(t, c, task)
	reaches(t, c, task.ID, mesos.TASK_RUNNING)
}

// checkSays is what a status tells of the check: "-" for no check, "COMMAND" for
// one without a result, "COMMAND 0" for one with it.
func checkSays(s mesos.TaskStatus) string {
	c := s.CheckStatus
	if c == nil {
		return "-"
	}
	text := c.GetType().String()
	switch {
	case c.Command != nil && c.Command.ExitCode != nil:
		text += fmt.Sprint(" ", *c.Command.ExitCode)
	case c.HTTP != nil && c.HTTP.StatusCode != nil:
		text += fmt.Sprint(" ", *c.HTTP.StatusCode)
	case c.TCP != nil && c.TCP.Succeeded != nil:
		text += fmt.Sprint(" ", *c.TCP.Succeeded)
	}
	return text
}

// checked waits for this result of the check.
func checked(t *testing.T, c cluster.Cluster, id, want string) {
	t.Helper()
	tells(t, c, id, mesos.REASON_TASK_CHECK_STATUS_UPDATED, func(s mesos.TaskStatus) bool { return checkSays(s) == want })
}

// history is the task's statuses in short, repetitions left out: state, reason of
// a running one, healthy, check.
func history(t *testing.T, c cluster.Cluster, id string) string {
	t.Helper()
	all, err := c.Statuses(deadline(t), id)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range all {
		line := strings.TrimPrefix(s.GetState().String(), "TASK_")
		if s.Reason != nil {
			line += " " + strings.TrimPrefix(s.Reason.String(), "REASON_TASK_")
		}
		if s.Healthy != nil {
			line += fmt.Sprint(" healthy=", *s.Healthy)
		}
		if says := checkSays(s); says != "-" {
			line += " " + says
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// freePort is a port of the loopback address that nobody listens on.
func freePort(t *testing.T, host string) int {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// webServer is a shell command that serves the volume until the file stop
// appears, and then only waits.
func webServer(host string, port int) string {
	return fmt.Sprintf(`busybox httpd -f -p %s -h data & while [ ! -e stop ]; do sleep 0.05; done; kill $!; exec sleep 1000`,
		net.JoinHostPort(host, strconv.Itoa(port)))
}

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

// lastSays waits until the check's last status is this.
func lastSays(t *testing.T, c cluster.Cluster, id, want string) {
	t.Helper()
	eventually(t, "the check's last status", func() error {
		all, err := c.Statuses(deadline(t), id)
		if err == nil && (len(all) == 0 || checkSays(all[len(all)-1]) != want) {
			err = fmt.Errorf("statuses:\n%s\nwanted %s", history(t, c, id), want)
		}
		return err
	})
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

func wantHistory(t *testing.T, c cluster.Cluster, id, want string) {
	t.Helper()
	if got := history(t, c, id); got != want {
		t.Errorf("statuses:\n%s\nwanted:\n%s", got, want)
	}
}
