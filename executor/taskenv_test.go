package executor_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

func secret(name, value string) mesos.Environment_Variable {
	return mesos.Environment_Variable{
		Name: name, Type: mesos.Environment_Variable_SECRET.Enum(),
		Secret: &mesos.Secret{Type: mesos.Secret_VALUE, Value: &mesos.Secret_Value{Data: []byte(value)}},
	}
}

func withVariables(v ...mesos.Environment_Variable) mesos.TaskInfo {
	t := info("t")
	t.Command = &mesos.CommandInfo{Value: ptr("true"), Environment: &mesos.Environment{Variables: v}}
	return t
}

// The last writer of a name wins, and a name is there once.
func TestTaskEnvironmentOrder(t *testing.T) {
	plain := func(name, value string) mesos.Environment_Variable {
		return mesos.Environment_Variable{Name: name, Value: &value}
	}
	task := withVariables(plain("A", "task"), plain("NEW", "a=b\nc"), secret("S", "s3cret"), plain("A", "again"), plain("EMPTY", ""),
		plain("MESOS_ALLOCATION_ROLE", "mine"), plain("MESOS_CONTAINER_IP", "mine"), plain("FLOCKER_EXECUTOR_MINE", "the task's own"))
	task.Resources = []mesos.Resource{{Name: "cpus", AllocationInfo: &mesos.Resource_AllocationInfo{Role: ptr("storage")}}}
	environ := []string{"A=1", "B=2", "A=3", "AA=4", "MESOS_SANDBOX=/s", "MESOS_AGENT_ENDPOINT=[::1]:5051", "FLOCKER_EXECUTOR_LEASE=1m"}
	for name, c := range map[string]struct {
		group bool
		want  []string
	}{
		"alone": {false, []string{
			"A=again", "B=2", "AA=4", "MESOS_SANDBOX=/s", "MESOS_AGENT_ENDPOINT=[::1]:5051", "NEW=a=b\nc", "S=s3cret", "EMPTY=",
			"MESOS_ALLOCATION_ROLE=storage", "MESOS_CONTAINER_IP=mine", "FLOCKER_EXECUTOR_MINE=the task's own",
		}},
		"in a group": {true, []string{
			"A=again", "B=2", "AA=4", "MESOS_SANDBOX=/s/tasks/t", "MESOS_AGENT_ENDPOINT=[::1]:5051", "NEW=a=b\nc", "S=s3cret", "EMPTY=",
			"MESOS_ALLOCATION_ROLE=storage", "MESOS_CONTAINER_IP=::1", "FLOCKER_EXECUTOR_MINE=the task's own",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{LabelPrefix: "flocker.", Environ: environ, Sandbox: "/s", Group: c.group})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, s.Command.Env); d != "" {
				t.Error(d)
			}
		})
	}
}

// An error names the variable, and never what is secret.
func TestVariablesRefused(t *testing.T) {
	const hush = "hush"
	changed := func(change func(*mesos.Environment_Variable)) mesos.Environment_Variable {
		v := secret("X", hush)
		change(&v)
		return v
	}
	for want, v := range map[string]mesos.Environment_Variable{
		`variable "X": of type VALUE, must`:                                {Name: "X"},
		`variable "X": of type VALUE, must have a value and no secret`:     changed(func(v *mesos.Environment_Variable) { v.Type, v.Value = nil, ptr(hush) }),
		`variable "X": of type UNKNOWN; VALUE and SECRET`:                  {Name: "X", Type: mesos.Environment_Variable_UNKNOWN.Enum()},
		`variable "X": of type SECRET, must`:                               {Name: "X", Type: mesos.Environment_Variable_SECRET.Enum()},
		`variable "X": of type SECRET, must have a secret and no value`:    changed(func(v *mesos.Environment_Variable) { v.Value = ptr(hush) }),
		`variable "X": its secret must be of type VALUE`:                   changed(func(v *mesos.Environment_Variable) { v.Secret.Type = mesos.Secret_UNKNOWN }),
		`variable "X": its secret must be of type VALUE, and have a value`: changed(func(v *mesos.Environment_Variable) { v.Secret.Value = nil }),
		`variable "X": its secret must be of type VALUE, and`:              changed(func(v *mesos.Environment_Variable) { v.Secret.Reference = &mesos.Secret_Reference{} }),
		`variable "X": refers to the secret "/db/password"`: changed(func(v *mesos.Environment_Variable) {
			v.Secret = &mesos.Secret{Type: mesos.Secret_REFERENCE, Reference: &mesos.Secret_Reference{Name: "/db/password"}}
		}),
		`variable "X": its value contains a zero byte`:                        secret("X", hush+"\x00"),
		`TaskInfo.command.environment: variable "": no name of a variable`:    secret("", hush),
		`TaskInfo.command.environment: variable "A=B": no name of a variable`: secret("A=B", hush),
	} {
		refuses(t, withVariables(v), false, want)
		if _, err := executor.NewSpec(t.Context(), withVariables(v), executor.SpecOptions{}); err == nil || strings.Contains(err.Error(), hush) {
			t.Errorf("%v", err)
		}
	}
}
