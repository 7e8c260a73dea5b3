package executor_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// Whatever a framework sends as a check is refused, or can be run as it is.
func FuzzChecks(f *testing.F) {
	port := func(t mesos.CheckInfo_Type) mesos.CheckInfo {
		return mesos.CheckInfo{Type: t, TCP: &mesos.CheckInfo_Tcp{Port: 80}, HTTP: &mesos.CheckInfo_Http{Port: 80, Path: ptr("/%")}}
	}
	shell := mesos.CommandInfo{Value: ptr("true"), User: ptr("0")}
	for _, c := range []mesos.CheckInfo{
		port(mesos.CheckInfo_TCP), port(mesos.CheckInfo_HTTP), port(mesos.CheckInfo_UNKNOWN),
		{Type: mesos.CheckInfo_COMMAND, Command: &mesos.CheckInfo_Command{Command: shell}},
	} {
		h := mesos.HealthCheck{
			Type: mesos.HealthCheck_Type(c.Type), Command: &shell, ConsecutiveFailures: ptr(uint32(1 << 31)), GracePeriodSeconds: ptr(1e300),
			HTTP: &mesos.HealthCheck_HTTPCheckInfo{Port: 1 << 16, Scheme: ptr("https"), Statuses: []uint32{200}},
		}
		check, err := c.Marshal()
		health, err2 := h.Marshal()
		if err := errors.Join(err, err2); err != nil {
			f.Fatal(err)
		}
		f.Add(check, health)
		f.Add(check, []byte(nil))
		f.Add([]byte(nil), health)
	}
	f.Fuzz(func(t *testing.T, check, health []byte) {
		task := info("t")
		if task.Check = new(mesos.CheckInfo); len(check) == 0 || task.Check.Unmarshal(check) != nil {
			task.Check = nil
		}
		if task.HealthCheck = new(mesos.HealthCheck); len(health) == 0 || task.HealthCheck.Unmarshal(health) != nil {
			task.HealthCheck = nil
		}
		s, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"true"}, Sandbox: "/s"})
		if err != nil {
			return
		}
		if (s.Check != nil) != (task.Check != nil) || (s.Health != nil) != (task.HealthCheck != nil) {
			t.Fatalf("check %v, health check %v", s.Check, s.Health)
		}
		if s.Check != nil {
			canRun(t, *s.Check)
		}
		if s.Health != nil {
			canRun(t, s.Health.Check)
			if s.Health.Failures < 0 || s.Health.Grace < 0 {
				t.Errorf("%+v", s.Health)
			}
		}
	})
}

func canRun(t *testing.T, c checks.Check) {
	t.Helper()
	for _, d := range []time.Duration{c.Delay, c.Interval, c.Timeout} {
		if d < 0 {
			t.Errorf("negative time in %+v", c)
		}
	}
	kinds, port := 0, 1
	if c.Command != nil {
		kinds++
		if len(c.Command.Argv) == 0 {
			t.Error("a command of no words")
		}
	}
	if c.TCP != nil {
		kinds, port = kinds+1, c.TCP.Port
	}
	if c.HTTP != nil {
		kinds, port = kinds+1, c.HTTP.Port
		if _, err := url.Parse(fmt.Sprintf("%s://127.0.0.1:%d%s", c.HTTP.Scheme, port, c.HTTP.Path)); err != nil || !strings.HasPrefix(c.HTTP.Scheme, "http") {
			t.Errorf("%+v is no address: %v", c.HTTP, err)
		}
	}
	if kinds != 1 || port < 1 || port > 65535 {
		t.Errorf("%d kinds of check, port %d", kinds, port)
	}
}
