package executor_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

func withCheck(c mesos.CheckInfo) mesos.TaskInfo {
	t := info("t")
	t.Check = &c
	return t
}

func withHealth(h mesos.HealthCheck) mesos.TaskInfo {
	t := info("t")
	t.HealthCheck = &h
	return t
}

func httpHealth(h mesos.HealthCheck_HTTPCheckInfo) mesos.HealthCheck {
	return mesos.HealthCheck{Type: mesos.HealthCheck_HTTP, HTTP: &h}
}

func TestChecksDefaults(t *testing.T) {
	times := checks.Check{TCP: &checks.TCP{Port: 80}, Delay: 15 * time.Second, Interval: 10 * time.Second, Timeout: 20 * time.Second}
	s := accepted(t, withCheck(mesos.CheckInfo{Type: mesos.CheckInfo_TCP, TCP: &mesos.CheckInfo_Tcp{Port: 80}}))
	if d := cmp.Diff(&times, s.Check); d != "" || s.Health != nil {
		t.Errorf("check: %s, health %v", d, s.Health)
	}
	s = accepted(t, withHealth(mesos.HealthCheck{Type: mesos.HealthCheck_TCP, TCP: &mesos.HealthCheck_TCPCheckInfo{Port: 80}}))
	if d := cmp.Diff(&checks.Health{Check: times, Failures: 3, Grace: 10 * time.Second}, s.Health); d != "" || s.Check != nil {
		t.Errorf("health check: %s, check %v", d, s.Check)
	}
}

func TestChecksFields(t *testing.T) {
	times := checks.Check{Delay: 0, Interval: 1500 * time.Millisecond, Timeout: 0}
	with := func(f func(*checks.Check)) *checks.Check {
		c := times
		f(&c)
		return &c
	}
	health := mesos.HealthCheck{DelaySeconds: ptr(0.), IntervalSeconds: ptr(1.5), TimeoutSeconds: ptr(0.), GracePeriodSeconds: ptr(0.), ConsecutiveFailures: ptr(uint32(0))}
	check := mesos.CheckInfo{DelaySeconds: ptr(0.), IntervalSeconds: ptr(1.5), TimeoutSeconds: ptr(0.)}
	command := mesos.CommandInfo{Value: ptr("./ok"), Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{
		{Name: "X", Value: ptr("y")}, {Name: "PATH", Value: ptr("/mine")},
	}}}
	argv := mesos.CommandInfo{Value: ptr("./ok"), Shell: new(bool), Arguments: []string{"ok", "-v"}, User: ptr("root")}

	for name, c := range map[string]struct {
		change func(*mesos.CheckInfo, *mesos.HealthCheck)
		want   *checks.Check
		only   string
	}{
		"command": {func(c *mesos.CheckInfo, h *mesos.HealthCheck) {
			c.Type, c.Command = mesos.CheckInfo_COMMAND, &mesos.CheckInfo_Command{Command: command}
			h.Type, h.Command = mesos.HealthCheck_COMMAND, &command
		}, with(func(c *checks.Check) {
			c.Command = &checks.Command{Argv: sh("./ok"), Env: []string{"PATH=/mine", "MESOS_ALLOCATION_ROLE=", "X=y"}}
		}), ""},
		"argv": {func(c *mesos.CheckInfo, h *mesos.HealthCheck) {
			c.Type, c.Command = mesos.CheckInfo_COMMAND, &mesos.CheckInfo_Command{Command: argv}
			h.Type, h.Command = mesos.HealthCheck_COMMAND, &argv
		}, with(func(c *checks.Check) {
			c.Command = &checks.Command{Program: "./ok", Argv: []string{"ok", "-v"}, Env: []string{"PATH=/bin", "MESOS_ALLOCATION_ROLE="}}
		}), ""},
		"http": {func(c *mesos.CheckInfo, h *mesos.HealthCheck) {
			c.Type, c.HTTP = mesos.CheckInfo_HTTP, &mesos.CheckInfo_Http{Port: 65535, Path: ptr("/a?b")}
			h.Type, h.HTTP = mesos.HealthCheck_HTTP, &mesos.HealthCheck_HTTPCheckInfo{Port: 65535, Path: ptr("/a?b")}
		}, with(func(c *checks.Check) { c.HTTP = &checks.HTTP{Scheme: "http", Port: 65535, Path: "/a?b"} }), ""},
		"https, IPv6": {func(_ *mesos.CheckInfo, h *mesos.HealthCheck) {
			h.Type, h.HTTP = mesos.HealthCheck_HTTP, &mesos.HealthCheck_HTTPCheckInfo{Port: 1, Scheme: ptr("https"), Protocol: mesos.IPv6.Enum(), Statuses: []uint32{204}}
		}, with(func(c *checks.Check) {
			c.HTTP = &checks.HTTP{Scheme: "https", Port: 1, IPv6: true, Statuses: []uint32{204}}
		}), "health"},
		"tcp, IPv6": {func(_ *mesos.CheckInfo, h *mesos.HealthCheck) {
			h.Type, h.TCP = mesos.HealthCheck_TCP, &mesos.HealthCheck_TCPCheckInfo{Port: 1, Protocol: mesos.IPv6.Enum()}
		}, with(func(c *checks.Check) { c.TCP = &checks.TCP{Port: 1, IPv6: true} }), "health"},
	} {
		t.Run(name, func(t *testing.T) {
			check, health := check, health
			c.change(&check, &health)
			if d := cmp.Diff(&checks.Health{Check: *c.want}, accepted(t, withHealth(health)).Health); d != "" {
				t.Errorf("health check: %s", d)
			}
			if c.only != "" {
				return
			}
			if d := cmp.Diff(c.want, accepted(t, withCheck(check)).Check); d != "" {
				t.Errorf("check: %s", d)
			}
		})
	}
}

func TestChecksRefused(t *testing.T) {
	tcp := func(change func(*mesos.CheckInfo)) mesos.TaskInfo {
		c := mesos.CheckInfo{Type: mesos.CheckInfo_TCP, TCP: &mesos.CheckInfo_Tcp{Port: 80}}
		change(&c)
		return withCheck(c)
	}
	health := func(change func(*mesos.HealthCheck)) mesos.TaskInfo {
		h := mesos.HealthCheck{Type: mesos.HealthCheck_TCP, TCP: &mesos.HealthCheck_TCPCheckInfo{Port: 80}}
		change(&h)
		return withHealth(h)
	}
	command := func(c mesos.CommandInfo) mesos.TaskInfo {
		return withCheck(mesos.CheckInfo{Type: mesos.CheckInfo_COMMAND, Command: &mesos.CheckInfo_Command{Command: c}})
	}
	for want, task := range map[string]mesos.TaskInfo{
		"check.type: UNKNOWN":                       withCheck(mesos.CheckInfo{}),
		"check.type: HTTP without":                  withCheck(mesos.CheckInfo{Type: mesos.CheckInfo_HTTP}),
		"health_check.type: COMMAND without":        withHealth(mesos.HealthCheck{Type: mesos.HealthCheck_COMMAND}),
		"check.delay_seconds: -1":                   tcp(func(c *mesos.CheckInfo) { c.DelaySeconds = ptr(-1.) }),
		"check.interval_seconds: NaN":               tcp(func(c *mesos.CheckInfo) { c.IntervalSeconds = ptr(math.NaN()) }),
		"check.timeout_seconds: +Inf":               tcp(func(c *mesos.CheckInfo) { c.TimeoutSeconds = ptr(math.Inf(1)) }),
		"health_check.delay_seconds":                health(func(h *mesos.HealthCheck) { h.DelaySeconds = ptr(-1.) }),
		"health_check.interval_seconds":             health(func(h *mesos.HealthCheck) { h.IntervalSeconds = ptr(-1.) }),
		"health_check.timeout_seconds":              health(func(h *mesos.HealthCheck) { h.TimeoutSeconds = ptr(-1.) }),
		"health_check.grace_period_seconds":         health(func(h *mesos.HealthCheck) { h.GracePeriodSeconds = ptr(-1.) }),
		"check.tcp.port: 0":                         tcp(func(c *mesos.CheckInfo) { c.TCP.Port = 0 }),
		"health_check.tcp.port: 65536":              health(func(h *mesos.HealthCheck) { h.TCP.Port = 65536 }),
		"health_check.tcp.protocol: 7":              health(func(h *mesos.HealthCheck) { h.TCP.Protocol = ptr(mesos.NetworkInfo_Protocol(7)) }),
		`health_check.http.scheme: "ftp"`:           withHealth(httpHealth(mesos.HealthCheck_HTTPCheckInfo{Port: 1, Scheme: ptr("ftp")})),
		`health_check.http.path: "x": must begin`:   withHealth(httpHealth(mesos.HealthCheck_HTTPCheckInfo{Port: 1, Path: ptr("x")})),
		`check.http.path: "/%": invalid URL escape`: withCheck(mesos.CheckInfo{Type: mesos.CheckInfo_HTTP, HTTP: &mesos.CheckInfo_Http{Port: 1, Path: ptr("/%")}}),
		"health_check.http.port: 0":                 withHealth(httpHealth(mesos.HealthCheck_HTTPCheckInfo{})),
		`check.http.path: "x"`:                      withCheck(mesos.CheckInfo{Type: mesos.CheckInfo_HTTP, HTTP: &mesos.CheckInfo_Http{Port: 1, Path: ptr("x")}}),
		"check.command.command.value: must be a s":  command(mesos.CommandInfo{}),
		"check.command.command.value: must be the":  command(mesos.CommandInfo{Shell: new(bool)}),
		"check.command.command.arguments":           command(mesos.CommandInfo{Shell: new(bool), Value: ptr("x")}),
		"check.command.command.uris":                command(mesos.CommandInfo{Value: ptr("x"), URIs: []mesos.CommandInfo_URI{{Value: "u"}}}),
		"check.command.command.environment":         command(mesos.CommandInfo{Value: ptr("x"), Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{{Name: "A"}}}}),
		`check.command.command.user: value "nobody": a check runs as the task's user, which is 0`: command(mesos.CommandInfo{Value: ptr("x"), User: ptr("nobody")}),
		`check.command.command.user: value "no-such-user": no such user`:                          command(mesos.CommandInfo{Value: ptr("x"), User: ptr("no-such-user")}),
	} {
		refuses(t, task, false, want)
	}
	same := command(mesos.CommandInfo{Value: ptr("x"), User: ptr("65534")})
	same.Labels = withLabels("flocker.user", "nobody").Labels
	if s := accepted(t, same); !slices.Equal(s.Check.Command.Argv, sh("x")) {
		t.Errorf("%+v", s.Check)
	}
}
