package executor

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// hidden are the variables, and the prefixes (ending in _) of variables, that a
// task never gets: the executor's own settings, tokens and keys.
var hidden = []string{VariableToken, "LIBPROCESS_SSL_", "FLOCKER_CONTROL_SERVICE_", "FLOCKER_EXECUTOR_"}

// What Mesos' built-in executors set for their tasks: the role for all
// (launcher/executor.cpp), the others for the tasks of a group
// (launcher/default_executor.cpp).
const (
	variableRole        = "MESOS_ALLOCATION_ROLE"
	variableSandbox     = "MESOS_SANDBOX"
	variableContainerIP = "MESOS_CONTAINER_IP"
)

// taskEnvironment is the executor's own environment without what is hidden, then
// TaskInfo.command.environment, then what an executor sets. Each name is there
// once; the last writer wins.
func taskEnvironment(t mesos.TaskInfo, sandbox string, o SpecOptions) ([]string, error) {
	var env []string
	for _, entry := range o.Environ {
		name, value, _ := strings.Cut(entry, "=")
		if !isHidden(name) {
			env = setVariable(env, name, value)
		}
	}
	if o.Group {
		env = setVariable(env, variableSandbox, sandbox)
	}
	env, err := addVariables(env, "TaskInfo.command", t.Command.GetEnvironment())
	if err != nil {
		return nil, err
	}
	if ip := containerIP(o.Environ); o.Group && ip != "" {
		env = setVariable(env, variableContainerIP, ip)
	}
	return setVariable(env, variableRole, role(t.Resources)), nil
}

func isHidden(name string) bool {
	return slices.ContainsFunc(hidden, func(h string) bool {
		return name == h || strings.HasSuffix(h, "_") && strings.HasPrefix(name, h)
	})
}

// setVariable replaces a variable where it stands, or adds it.
func setVariable(env []string, name, value string) []string {
	entry := name + "=" + value
	i := slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	if i < 0 {
		return append(env, entry)
	}
	env[i] = entry
	return env
}

// addVariables adds what a CommandInfo says. The error names the variable, and
// never a value, which may be secret.
func addVariables(env []string, field string, e *mesos.Environment) ([]string, error) {
	for _, v := range e.GetVariables() {
		value, err := variableValue(v)
		switch {
		case err != nil:
		case v.Name == "" || strings.ContainsAny(v.Name, "=\x00"):
			err = errors.New("no name of a variable")
		case strings.ContainsRune(value, 0):
			err = errors.New("its value contains a zero byte")
		}
		if err != nil {
			return nil, fmt.Errorf("%s.environment: variable %q: %w", field, v.Name, err)
		}
		env = setVariable(env, v.Name, value)
	}
	return env, nil
}

// variableValue of a variable of type VALUE or SECRET (common/validation.cpp,
// validateEnvironment). The agent resolves no secret for an executor's task.
func variableValue(v mesos.Environment_Variable) (string, error) {
	secret := v.Secret
	switch {
	case v.GetType() == mesos.Environment_Variable_VALUE && v.Value != nil && secret == nil:
		return *v.Value, nil
	case v.GetType() == mesos.Environment_Variable_VALUE:
		return "", errors.New("of type VALUE, must have a value and no secret")
	case v.GetType() != mesos.Environment_Variable_SECRET:
		return "", fmt.Errorf("of type %v; VALUE and SECRET are allowed", v.GetType())
	case secret == nil || v.Value != nil:
		return "", errors.New("of type SECRET, must have a secret and no value")
	case secret.GetType() == mesos.Secret_REFERENCE:
		return "", fmt.Errorf("refers to the secret %q, which only an agent's secret resolver could look up, and does not for a task of an executor of one's own; "+
			"a secret of type VALUE is allowed, or a variable of ExecutorInfo.command.environment", secret.GetReference().GetName())
	case secret.GetType() != mesos.Secret_VALUE || secret.Value == nil || secret.Reference != nil:
		return "", errors.New("its secret must be of type VALUE, and have a value")
	}
	return string(secret.Value.Data), nil
}

// containerIP is the address of the executor's network: what the agent has set
// for libprocess, else the agent's own.
func containerIP(environ []string) string {
	for _, entry := range environ {
		if ip, ok := strings.CutPrefix(entry, "LIBPROCESS_IP="); ok && ip != "" {
			return ip
		}
	}
	for _, entry := range environ {
		if endpoint, ok := strings.CutPrefix(entry, "MESOS_AGENT_ENDPOINT="); ok {
			if host, _, err := net.SplitHostPort(endpoint); err == nil {
				return host
			}
		}
	}
	return ""
}

// role of the task, as the built-in executors find it.
func role(resources []mesos.Resource) string {
	if len(resources) == 0 {
		return ""
	}
	return resources[0].GetAllocationInfo().GetRole()
}
