package executor_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// A script takes the place of the image's entrypoint, words are its arguments.
func TestDockerCommand(t *testing.T) {
	no := ptr(false)
	for name, c := range map[string]struct {
		command         *mesos.CommandInfo
		label, data     string
		arguments       []string
		entrypoint, cmd []string
		source          string
	}{
		"none":                       {source: "the image"},
		"shell":                      {command: &mesos.CommandInfo{Value: ptr("a b")}, entrypoint: []string{"/bin/sh"}, cmd: []string{"-c", "a b"}, source: "TaskInfo.command"},
		"shell without a value":      {command: &mesos.CommandInfo{}, label: "x", entrypoint: []string{"/bin/sh"}, cmd: []string{"-c", "x"}, source: "flocker.command"},
		"value and arguments":        {command: &mesos.CommandInfo{Shell: no, Value: ptr("a b"), Arguments: []string{"c", ""}}, cmd: []string{"a b", "c", ""}, source: "TaskInfo.command"},
		"arguments":                  {command: &mesos.CommandInfo{Shell: no, Arguments: []string{"-v"}}, cmd: []string{"-v"}, source: "TaskInfo.command"},
		"neither":                    {command: &mesos.CommandInfo{Shell: no}, source: "the image"},
		"label":                      {label: "x; y", entrypoint: []string{"/bin/sh"}, cmd: []string{"-c", "x; y"}, source: "flocker.command"},
		"data":                       {data: `{"cmd": "x"}`, entrypoint: []string{"/bin/sh"}, cmd: []string{"-c", "x"}, source: "TaskInfo.data"},
		"executor's argument":        {arguments: []string{"x y"}, entrypoint: []string{"/bin/sh"}, cmd: []string{"-c", "x y"}, source: "the executor's arguments"},
		"executor's arguments":       {arguments: []string{"serve", "-v"}, cmd: []string{"serve", "-v"}, source: "the executor's arguments"},
		"executor's arguments, a sh": {arguments: []string{"/bin/sh", "-c", "x"}, cmd: []string{"/bin/sh", "-c", "x"}, source: "the executor's arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			task, o := withDocker(nil), dockerOptions()
			task.Command, task.Data, o.Arguments = c.command, []byte(c.data), c.arguments
			if c.label != "" {
				task.Labels = withLabels("flocker.command", c.label).Labels
			}
			s, err := executor.NewSpec(t.Context(), task, o)
			if err != nil {
				t.Fatal(err)
			}
			got := s.Container.Config
			if !slices.Equal(got.Entrypoint, c.entrypoint) || !slices.Equal(got.Cmd, c.cmd) || s.Source != c.source {
				t.Errorf("entrypoint %q, command %q from %s", got.Entrypoint, got.Cmd, s.Source)
			}
		})
	}
	task := withDocker(nil)
	task.Command = &mesos.CommandInfo{URIs: []mesos.CommandInfo_URI{{Value: "http://x"}}}
	uncontained(t, task, "TaskInfo.command.uris")
	task.Command = &mesos.CommandInfo{Value: ptr("a\x00")}
	uncontained(t, task, "contains a zero byte")
}

// The user is one of the image: nothing is looked up on the node.
func TestDockerUser(t *testing.T) {
	task := withDocker(nil)
	task.Labels = withLabels("flocker.user", "no-such:group").Labels
	if s := contained(t, task); s.Container.Config.User != "no-such:group" {
		t.Errorf("user %q", s.Container.Config.User)
	}
	task.Command = &mesos.CommandInfo{User: ptr("other")}
	uncontained(t, task, `label flocker.user is "no-such:group" and TaskInfo.command.user is "other": give only one`)
	task.Labels = nil
	if s := contained(t, task); s.Container.Config.User != "other" {
		t.Errorf("user %q", s.Container.Config.User)
	}
	task.Container.Docker.Parameters = []mesos.Parameter{{Key: "user", Value: "third"}}
	uncontained(t, task, "user: value \"third\": the task's user is other: give only one")
}

// ExecutorInfo.command.environment, the task's, then what Mesos forces; nothing
// of the executor's own.
func TestDockerEnvironment(t *testing.T) {
	variable := func(name, value string) mesos.Environment_Variable {
		return mesos.Environment_Variable{Name: name, Value: &value}
	}
	secret := mesos.Environment_Variable{
		Name: "PASSWORD", Type: mesos.Environment_Variable_SECRET.Enum(),
		Secret: &mesos.Secret{Type: mesos.Secret_REFERENCE, Reference: &mesos.Secret_Reference{Name: "vault"}},
	}
	task, o := withDocker(nil), dockerOptions()
	task.Executor = &mesos.ExecutorInfo{Command: &mesos.CommandInfo{Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{
		variable("A", "1"), variable("B", "1"), secret, variable("MESOS_SANDBOX", "/x"),
		variable("FLOCKER_EXECUTOR_LEASE", "1m"), variable("FLOCKER_CONTROL_SERVICE_HOST", "h"), variable("LIBPROCESS_SSL_ENABLED", "1"),
		variable("MESOS_EXECUTOR_AUTHENTICATION_TOKEN", "t"), variable("FLOCKER_ID", "kept"),
	}}}}
	task.Command = &mesos.CommandInfo{Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{variable("B", "2"), variable("MESOS_CONTAINER_NAME", "x")}}}
	task.Resources = []mesos.Resource{{Name: "cpus", AllocationInfo: &mesos.Resource_AllocationInfo{Role: ptr("storage")}}}
	o.Environ = append(o.Environ, "PASSWORD=hunter2", "SECRET_OF_THE_EXECUTOR=x")
	s, err := executor.NewSpec(t.Context(), task, o)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"A=1", "B=2", "PASSWORD=hunter2", "MESOS_SANDBOX=/mnt/mesos/sandbox", "FLOCKER_ID=kept",
		"MESOS_CONTAINER_NAME=" + s.Container.Name, "MESOS_ALLOCATION_ROLE=storage",
	}
	if d := cmp.Diff(want, s.Container.Config.Env); d != "" {
		t.Error(d)
	}
	uncontained(t, task, `variable "PASSWORD": the agent has not resolved its secret`)
	task.Executor.Command.Environment.Variables = []mesos.Environment_Variable{{Name: "X=", Value: ptr("")}}
	uncontained(t, task, `ExecutorInfo.command.environment: variable "X="`)
	task.Executor = nil
	task.Command.Environment.Variables = []mesos.Environment_Variable{{Name: "", Value: ptr("")}}
	uncontained(t, task, "TaskInfo.command.environment: variable")
}

// A check's command runs in the container, with the container's environment and
// its own, by the image's shell.
func TestDockerChecks(t *testing.T) {
	command := mesos.CommandInfo{Value: ptr("ok | cat"), Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{{Name: "X", Value: ptr("y")}}}}
	task := withDocker(nil)
	task.Check = &mesos.CheckInfo{Type: mesos.CheckInfo_COMMAND, Command: &mesos.CheckInfo_Command{Command: command}}
	task.HealthCheck = &mesos.HealthCheck{Type: mesos.HealthCheck_COMMAND, Command: &mesos.CommandInfo{Shell: ptr(false), Value: ptr("/ok"), Arguments: []string{"-v"}}}
	s := contained(t, task)
	if d := cmp.Diff(&checks.Command{Argv: sh("ok | cat"), Env: []string{"X=y"}}, s.Check.Command); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(&checks.Command{Argv: []string{"/ok", "-v"}}, s.Health.Command); d != "" {
		t.Error(d)
	}
	task.Check = &mesos.CheckInfo{Type: mesos.CheckInfo_TCP, TCP: &mesos.CheckInfo_Tcp{Port: 80}}
	if s := contained(t, task); s.Check.TCP.Port != 80 {
		t.Errorf("%+v", s.Check)
	}
	bad := func(want string, c mesos.CommandInfo) {
		t.Helper()
		task.HealthCheck = &mesos.HealthCheck{Type: mesos.HealthCheck_COMMAND, Command: &c}
		uncontained(t, task, want)
	}
	bad(`health_check.command.user: value "root": a check runs as the container's user, "": leave it out`, mesos.CommandInfo{Value: ptr("x"), User: ptr("root")})
	bad("health_check.command.value: must be a shell command", mesos.CommandInfo{})
	bad("health_check.command.value: must be the path of a program", mesos.CommandInfo{Shell: ptr(false)})
	bad("health_check.command.uris", mesos.CommandInfo{Value: ptr("x"), URIs: []mesos.CommandInfo_URI{{}}})
	bad("health_check.command: contains a zero byte", mesos.CommandInfo{Value: ptr("x\x00")})
	task.Labels = withLabels("flocker.user", "root").Labels
	task.HealthCheck.Command = &mesos.CommandInfo{Value: ptr("x"), User: ptr("root")}
	contained(t, task)
}
