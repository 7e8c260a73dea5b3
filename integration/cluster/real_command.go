//go:build mesos

package cluster

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
)

// masterCommand is the command line of a master that nothing outlives.
func masterCommand(bin string, c nodeConfig, port int) []string {
	return []string{
		filepath.Join(bin, "mesos-master"),
		"--ip=127.0.0.1",
		"--port=" + strconv.Itoa(port),
		"--hostname=127.0.0.1",
		"--work_dir=" + c.workDir(),
		"--registry=in_memory",
		"--allocation_interval=200ms",
	}
}

// agentCommand is the command line of a node's agent. The node's cgroups have a
// root of their own: an agent that recovers destroys what it finds below its.
func agentCommand(bin string, c nodeConfig, cgroups string) []string {
	variables, _ := json.Marshal(c.Mesos.Environment) // strings cannot fail
	argv := []string{
		filepath.Join(bin, "mesos-agent"),
		"--master=" + c.Mesos.Master[len("http://"):],
		"--ip=127.0.0.1",
		"--port=" + strconv.Itoa(c.Mesos.Port),
		"--hostname=" + c.Name,
		"--work_dir=" + c.workDir(),
		"--runtime_dir=" + c.runtimeDir(),
		"--fetcher_cache_dir=" + filepath.Join(c.Dir, "mesos", "fetch"),
		"--launcher_dir=" + bin,
		"--no-systemd_enable_support",
		"--resources=" + c.resources(),
		"--executor_environment_variables=" + string(variables),
	}
	argv = append(argv, c.isolationFlags(cgroups)...)
	if c.Mesos.RecoveryTimeout > 0 {
		argv = append(argv, fmt.Sprintf("--recovery_timeout=%dms", c.Mesos.RecoveryTimeout.Milliseconds()))
	}
	if c.Mesos.Tokens {
		argv = append(argv, "--authenticate_http_executors", "--http_authenticators=jwt", "--jwt_secret_key="+c.tokenKeyFile())
	}
	if c.Mesos.DomainSocket {
		argv = append(argv, "--http_executor_domain_sockets", "--domain_socket_location="+c.socket())
	}
	return argv
}

// isolationFlags leave out namespaces/pid, whose new /proc would show the
// machine's boot id in place of the node's, and cgroups/mem: an executor built
// with -race needs more memory than its tasks ask for.
func (c nodeConfig) isolationFlags(cgroups string) []string {
	if c.Mesos.Isolation == "linux" {
		return []string{"--launcher=linux", "--isolation=filesystem/linux,cgroups/cpu", "--cgroups_root=" + cgroups}
	}
	return []string{"--launcher=posix", "--isolation=posix/cpu,posix/mem"}
}

func (c nodeConfig) tokenKeyFile() string { return filepath.Join(c.Dir, "jwt.key") }
