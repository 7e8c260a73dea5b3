package integration_test

import (
	"fmt"
	"net"
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

func wantHistory(t *testing.T, c cluster.Cluster, id, want string) {
	t.Helper()
	if got := history(t, c, id); got != want {
		t.Errorf("statuses:\n%s\nwanted:\n%s", got, want)
	}
}
