package executor

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"
)

// Environment is what the agent tells an executor through MESOS_* variables
// (slave.cpp, executorEnvironment).
type Environment struct {
	Framework string // MESOS_FRAMEWORK_ID
	Executor  string // MESOS_EXECUTOR_ID
	Endpoint  string // MESOS_AGENT_ENDPOINT, host:port; an IPv6 address in brackets
	// Socket is MESOS_DOMAIN_SOCKET, "" when the agent serves none; Process is
	// then the name under which the agent is found there, as "slave(1)".
	Socket, Process string
	TLS             TLS
	// Sandbox is MESOS_SANDBOX, absolute; it differs from MESOS_DIRECTORY only
	// for an executor in an image's root filesystem, where it is the right one.
	Sandbox string
	// Image says that the executor's root filesystem is that of an image.
	Image bool
	// Token is MESOS_EXECUTOR_AUTHENTICATION_TOKEN, "" when the agent gave none.
	Token string
	// Checkpoint says that the executor is to survive a restart of the agent.
	Checkpoint bool
	// RecoveryTimeout is how long it then waits for the agent; 15 minutes when
	// the agent says nothing.
	RecoveryTimeout time.Duration
	// BackoffMax bounds the pause between two attempts to subscribe.
	BackoffMax time.Duration
	// ShutdownGrace is how long after SHUTDOWN the agent kills the executor; 5
	// seconds when the agent says nothing.
	ShutdownGrace time.Duration
}

// VariableToken is the variable with the bearer token. It must never reach a
// child process.
const VariableToken = "MESOS_EXECUTOR_AUTHENTICATION_TOKEN"

// Where the agent is: its domain socket, and its name and address.
const (
	variableSocket = "MESOS_DOMAIN_SOCKET"
	variablePID    = "MESOS_SLAVE_PID"
)

// What applies when the agent sets nothing: its own defaults
// (slave/constants.hpp).
const (
	defaultRecoveryTimeout = 15 * time.Minute
	defaultShutdownGrace   = 5 * time.Second
	// maxBackoff keeps several attempts within the two seconds that a restarted
	// agent gives its executors to come back.
	maxBackoff = 500 * time.Millisecond
)

// InsideMesos says whether an agent started this process as an executor.
func InsideMesos(getenv func(string) string) bool {
	return getenv("MESOS_AGENT_ENDPOINT") != "" || getenv("MESOS_EXECUTOR_ID") != ""
}

// ParseEnvironment reads the variables. The error names every variable that is
// missing or malformed, with its value and what is allowed.
func ParseEnvironment(getenv func(string) string) (Environment, error) {
	p := envParser{getenv: getenv}
	e := Environment{
		Framework:       p.required("MESOS_FRAMEWORK_ID"),
		Executor:        p.required("MESOS_EXECUTOR_ID"),
		Endpoint:        p.endpoint("MESOS_AGENT_ENDPOINT"),
		Socket:          getenv(variableSocket),
		TLS:             p.tls(),
		Sandbox:         p.directory("MESOS_SANDBOX", "MESOS_DIRECTORY"),
		Token:           getenv(VariableToken),
		Checkpoint:      p.flag("MESOS_CHECKPOINT"),
		RecoveryTimeout: p.duration("MESOS_RECOVERY_TIMEOUT", defaultRecoveryTimeout),
		BackoffMax:      min(maxBackoff, p.duration("MESOS_SUBSCRIPTION_BACKOFF_MAX", maxBackoff)),
		ShutdownGrace:   p.duration("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", defaultShutdownGrace),
	}
	if e.Socket != "" {
		e.Process = p.process(variablePID)
	}
	e.Image = getenv("MESOS_DIRECTORY") != "" && filepath.Clean(e.Sandbox) != filepath.Clean(getenv("MESOS_DIRECTORY"))
	return e, errors.Join(p.errs...)
}

// envParser collects what is wrong, so that one run tells all.
type envParser struct {
	getenv func(string) string
	errs   []error
}

func (p *envParser) fail(name, value, want string) {
	p.errs = append(p.errs, fmt.Errorf("environment variable %s is %q: %s", name, value, want))
}

func (p *envParser) required(name string) string {
	v := p.getenv(name)
	if v == "" {
		p.fail(name, v, "a Mesos agent always sets it")
	}
	return v
}

func (p *envParser) endpoint(name string) string {
	v := p.required(name)
	if v == "" {
		return ""
	}
	if host, port, err := net.SplitHostPort(v); err == nil && host != "" && port != "" {
		return v
	}
	// libprocess prints an IPv6 address without brackets (address.hpp).
	if i := strings.LastIndexByte(v, ':'); i > 0 {
		if ip, err := netip.ParseAddr(v[:i]); err == nil && ip.Is6() && v[i+1:] != "" {
			return net.JoinHostPort(v[:i], v[i+1:])
		}
	}
	p.fail(name, v, "must be host:port")
	return v
}

// process is the name in a libprocess PID, "slave(1)@10.0.0.1:5051".
func (p *envParser) process(name string) string {
	v := p.required(name)
	id, _, ok := strings.Cut(v, "@")
	if v != "" && (!ok || id == "" || strings.ContainsAny(id, "/?#% ")) {
		p.fail(name, v, "must be like slave(1)@10.0.0.1:5051")
	}
	return id
}

func (p *envParser) directory(names ...string) string {
	for _, name := range names {
		v := p.getenv(name)
		if v == "" {
			continue
		}
		if !filepath.IsAbs(v) {
			p.fail(name, v, "must be an absolute path")
		}
		return v
	}
	return p.required(names[0])
}

func (p *envParser) flag(name string) bool {
	v := p.getenv(name)
	if v != "" && v != "0" && v != "1" {
		p.fail(name, v, "must be 0 or 1")
	}
	return v == "1"
}

func (p *envParser) duration(name string, otherwise time.Duration) time.Duration {
	v := p.getenv(name)
	if v == "" {
		return otherwise
	}
	d, err := ParseDuration(v)
	if err != nil {
		p.fail(name, v, err.Error())
	}
	return d
}
