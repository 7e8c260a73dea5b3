package executor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mesos-flocker/flocker-executor/executor"
)

func getenv(m map[string]string) func(string) string {
	return func(name string) string { return m[name] }
}

func TestParseEnvironment(t *testing.T) {
	// As a real agent sets them.
	e, err := executor.ParseEnvironment(getenv(map[string]string{
		"MESOS_FRAMEWORK_ID": "f-0000", "MESOS_EXECUTOR_ID": "executor-1", "MESOS_AGENT_ENDPOINT": "[::1]:5051",
		"MESOS_DIRECTORY": "/var/lib/mesos/run", "MESOS_SANDBOX": "/mnt/mesos/sandbox", "MESOS_CHECKPOINT": "1",
		"MESOS_RECOVERY_TIMEOUT": "15mins", "MESOS_SUBSCRIPTION_BACKOFF_MAX": "2secs",
		"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "4500ms", "MESOS_EXECUTOR_AUTHENTICATION_TOKEN": "x.y.z",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := executor.Environment{
		Framework: "f-0000", Executor: "executor-1", Endpoint: "[::1]:5051", Sandbox: "/mnt/mesos/sandbox", Image: true, Token: "x.y.z",
		Checkpoint: true, RecoveryTimeout: 15 * time.Minute, BackoffMax: 500 * time.Millisecond, ShutdownGrace: 4500 * time.Millisecond,
	}
	if d := cmp.Diff(want, e); d != "" {
		t.Error(d)
	}
}

// The agent's address in every form that an agent may print it in, and its
// domain socket.
func TestParseEnvironmentAgent(t *testing.T) {
	for _, c := range []struct{ endpoint, pid, want, wantProcess, wantError string }{
		{"10.0.0.1:5051", "slave(1)@10.0.0.1:5051", "10.0.0.1:5051", "slave(1)", ""},
		{"[::1]:5051", "slave(1)@[::1]:5051", "[::1]:5051", "slave(1)", ""},
		{"2001:db8::7:5051", "slave(1)@2001:db8::7:5051", "[2001:db8::7]:5051", "slave(1)", ""},
		{"agent:5051", "agent@h:1", "agent:5051", "agent", ""},
		{"::1", "slave(1)@::1:5051", "", "", `MESOS_AGENT_ENDPOINT is "::1"`},
		{"h:1", "", "", "", `MESOS_SLAVE_PID is ""`},
		{"h:1", "slave(1)", "", "", `MESOS_SLAVE_PID is "slave(1)"`},
		{"h:1", "../x@h:1", "", "", `MESOS_SLAVE_PID is "../x@h:1"`},
	} {
		e, err := executor.ParseEnvironment(getenv(map[string]string{
			"MESOS_FRAMEWORK_ID": "f", "MESOS_EXECUTOR_ID": "e", "MESOS_AGENT_ENDPOINT": c.endpoint, "MESOS_DIRECTORY": "/d",
			"MESOS_DOMAIN_SOCKET": "/run/agent.sock", "MESOS_SLAVE_PID": c.pid,
		}))
		wantError(t, err, c.wantError)
		if c.wantError == "" && (e.Endpoint != c.want || e.Process != c.wantProcess || e.Socket != "/run/agent.sock") {
			t.Errorf("%+v gives %+v", c, e)
		}
	}
}

func TestParseEnvironmentDefaults(t *testing.T) {
	e, err := executor.ParseEnvironment(getenv(map[string]string{
		"MESOS_FRAMEWORK_ID": "f", "MESOS_EXECUTOR_ID": "e", "MESOS_AGENT_ENDPOINT": "h:1", "MESOS_DIRECTORY": "/d",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if e.Checkpoint || e.Image || e.Sandbox != "/d" || e.ShutdownGrace != 5*time.Second || e.RecoveryTimeout != 15*time.Minute {
		t.Errorf("defaults: %+v", e)
	}
}

func TestParseEnvironmentNamesEverythingWrong(t *testing.T) {
	_, err := executor.ParseEnvironment(getenv(map[string]string{
		"MESOS_EXECUTOR_ID": "e", "MESOS_AGENT_ENDPOINT": "nonsense", "MESOS_SANDBOX": "relative",
		"MESOS_CHECKPOINT": "yes", "MESOS_RECOVERY_TIMEOUT": "15m", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "-5secs",
	}))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"MESOS_FRAMEWORK_ID", `MESOS_AGENT_ENDPOINT is "nonsense"`, `MESOS_SANDBOX is "relative"`, `MESOS_CHECKPOINT is "yes"`,
		`MESOS_RECOVERY_TIMEOUT is "15m"`, `MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD is "-5secs"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5secs": 5 * time.Second, "1500ms": 1500 * time.Millisecond, "1mins": time.Minute, "1.5hrs": 90 * time.Minute,
		"100us": 100 * time.Microsecond, "0ns": 0, "10days": 240 * time.Hour, "1weeks": 168 * time.Hour,
	} {
		if got, err := executor.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q is %v (%v), wanted %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "secs", "5s", "5 secs", "-5secs", "+5secs", "1.2.3secs", "5secs ", "1e3secs", "1000000weeks", ".secs"} {
		if got, err := executor.ParseDuration(text); err == nil {
			t.Errorf("%q is %v, wanted an error", text, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"5secs", "1.5mins", "999999999999weeks", "..ns"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := executor.ParseDuration(s); err == nil && d < 0 {
			t.Errorf("%q is %v", s, d)
		}
	})
}
