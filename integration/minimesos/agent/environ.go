package agent

import (
	"fmt"
	"maps"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// defaultPath is what an executor gets that names no PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment is the whole environment of an executor, sorted; nothing comes
// from the agent's own. A later writer wins: operator, agent, ExecutorInfo
// (executorEnvironment of slave.cpp; recorded: environment-precedence).
func (a *agent) environment(e *executor) []string {
	env := map[string]string{"LIBPROCESS_IP": a.cfg.IP}
	maps.Copy(env, a.cfg.Env)
	maps.Copy(env, a.agentVariables(e))
	for _, v := range e.info.GetCommand().GetEnvironment().GetVariables() {
		if v.Type == nil || *v.Type == mesos.Environment_Variable_VALUE {
			env[v.Name] = v.GetValue()
		}
	}
	if _, ok := env["PATH"]; !ok {
		env["PATH"] = defaultPath
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// printed is the address as libprocess prints it: without brackets even when it
// is one of IPv6 (process/address.hpp).
func (a *agent) printed() string { return fmt.Sprintf("%s:%d", a.cfg.IP, a.info.GetPort()) }

func (a *agent) agentVariables(e *executor) map[string]string {
	flag := map[bool]string{false: "0", true: "1"}
	env := map[string]string{
		"LIBPROCESS_PORT":                      "0",
		"MESOS_FRAMEWORK_ID":                   e.framework.id,
		"MESOS_EXECUTOR_ID":                    e.id,
		"MESOS_SLAVE_ID":                       a.info.ID.Value,
		"MESOS_SLAVE_PID":                      "slave(1)@" + a.printed(),
		"MESOS_AGENT_ENDPOINT":                 a.printed(),
		"MESOS_DIRECTORY":                      e.sandbox,
		"MESOS_SANDBOX":                        e.sandbox,
		"MESOS_CHECKPOINT":                     flag[e.framework.checkpoint()],
		"MESOS_HTTP_COMMAND_EXECUTOR":          flag[a.cfg.HTTPCommandExecutor],
		"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": formatDuration(e.grace(a)),
	}
	if e.framework.checkpoint() {
		env["MESOS_RECOVERY_TIMEOUT"] = formatDuration(a.cfg.RecoveryTimeout)
		env["MESOS_SUBSCRIPTION_BACKOFF_MAX"] = formatDuration(a.cfg.ReregistrationTimeout)
	}
	if a.cfg.DomainSocket != "" {
		env["MESOS_DOMAIN_SOCKET"] = a.cfg.DomainSocket
	}
	if len(a.cfg.JWTKey) > 0 {
		env["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"] = newToken(a.cfg.JWTKey, e.claims())
	}
	return env
}
