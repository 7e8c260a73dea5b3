package agent

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
)

// Config is the agent's command line. Durations of zero mean Mesos' default. It
// goes through JSON unharmed, so that it can be handed to a process of its own.
type Config struct {
	Master     string            `json:"master"` // URL of the miniature master
	WorkDir    string            `json:"work_dir"`
	RuntimeDir string            `json:"runtime_dir"`
	IP         string            `json:"ip"` // to listen on, and what executors are told; default 127.0.0.1
	Port       int               `json:"port"`
	Hostname   string            `json:"hostname"`   // default: IP
	Isolation  string            `json:"isolation"`  // contain.Posix (default) or contain.Linux
	Resources  string            `json:"resources"`  // as --resources; default below
	Attributes string            `json:"attributes"` // as --attributes
	Env        map[string]string `json:"env"`        // --executor_environment_variables
	ProcBinds  []contain.Bind    `json:"proc_binds"` // bound again over /proc of every container with its own
	// CgroupsRoot (--cgroups_root) gives every linux container a cgroup below it,
	// which dies with the container; default: none has one.
	CgroupsRoot string `json:"cgroups_root"`
	// SharePID is a linux isolation without namespaces/pid. It needs CgroupsRoot.
	SharePID bool `json:"share_pid"`
	// NoSwitchUser runs every executor as the agent's own user.
	NoSwitchUser bool `json:"no_switch_user"`
	// HTTPCommandExecutor only changes a variable that executors see.
	HTTPCommandExecutor bool   `json:"http_command_executor"`
	FrameworksHome      string `json:"frameworks_home"`
	FetcherCacheDir     string `json:"fetcher_cache_dir"` // wiped at start; default below RuntimeDir
	// DomainSocket, if set, is a socket the executor API is served on as well.
	DomainSocket string `json:"domain_socket"`
	// TLS, if it names a certificate, is what the port speaks.
	TLS TLS `json:"tls"`

	RegistrationTimeout   time.Duration `json:"registration_timeout"`   // 1 min
	ReregistrationTimeout time.Duration `json:"reregistration_timeout"` // 2 s
	ShutdownGrace         time.Duration `json:"shutdown_grace"`         // 5 s
	RecoveryTimeout       time.Duration `json:"recovery_timeout"`       // 15 min; executors are told
	FetcherStallTimeout   time.Duration `json:"fetcher_stall_timeout"`  // 1 min
	UpdateRetryMin        time.Duration `json:"update_retry_min"`       // 10 s
	UpdateRetryMax        time.Duration `json:"update_retry_max"`       // 10 min
	HeartbeatInterval     time.Duration `json:"heartbeat_interval"`     // 30 min
	RegisterBackoff       time.Duration `json:"register_backoff"`       // between attempts at the master; 1 s
	// RouteDelay and RecoveryDelay are how long a starting agent answers 404 and
	// then 503, which a real one does for some 100 ms each; default 0.
	RouteDelay    time.Duration `json:"route_delay"`
	RecoveryDelay time.Duration `json:"recovery_delay"`

	// JWTKey makes executors get a token; AuthenticateExecutors demands it.
	JWTKey                []byte `json:"jwt_key"`
	AuthenticateExecutors bool   `json:"authenticate_executors"`
	// Cleanup ends recovered executors instead of taking them back
	// (--recover=cleanup); the agent then ends itself.
	Cleanup bool `json:"cleanup"`

	// ReadyFile gets "IP:PORT\n" when the agent listens.
	ReadyFile string `json:"ready_file"`
	// Ready is called with the same, once, before anything is answered.
	Ready func(address string) `json:"-"`
	// Leave, when closed, does what SIGUSR1 does: unregister, shut all executors
	// down, end. Ending the context is SIGTERM: the executors are left alone.
	Leave <-chan struct{} `json:"-"`
	Log   *zap.Logger     `json:"-"` // default: none
}

const defaultResources = "cpus:4;mem:4096;disk:4096;ports:[31000-32000]"

// maxReregistration is Mesos' limit for --executor_reregistration_timeout.
const maxReregistration = 15 * time.Second

func (c Config) withDefaults() Config {
	text := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	duration := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	text(&c.IP, "127.0.0.1")
	text(&c.Hostname, c.IP)
	text(&c.Isolation, contain.Posix)
	text(&c.Resources, defaultResources)
	text(&c.FetcherCacheDir, c.RuntimeDir+"/fetch")
	duration(&c.RegistrationTimeout, time.Minute)
	duration(&c.ReregistrationTimeout, 2*time.Second)
	duration(&c.ShutdownGrace, 5*time.Second)
	duration(&c.RecoveryTimeout, 15*time.Minute)
	duration(&c.FetcherStallTimeout, time.Minute)
	duration(&c.UpdateRetryMin, 10*time.Second)
	duration(&c.UpdateRetryMax, 10*time.Minute)
	duration(&c.HeartbeatInterval, 30*time.Minute)
	duration(&c.RegisterBackoff, time.Second)
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	return c
}

func (c Config) check() error {
	var bad []error
	missing := func(name, value string) {
		if value == "" {
			bad = append(bad, fmt.Errorf("%s is missing", name))
		}
	}
	missing("Master", c.Master)
	missing("WorkDir", c.WorkDir)
	missing("RuntimeDir", c.RuntimeDir)
	if c.Isolation != contain.Posix && c.Isolation != contain.Linux {
		bad = append(bad, fmt.Errorf("isolation is %q, want %q or %q", c.Isolation, contain.Posix, contain.Linux))
	}
	if c.SharePID && (c.Isolation != contain.Linux || c.CgroupsRoot == "") {
		bad = append(bad, errors.New("a shared PID namespace needs the linux isolation and a root for cgroups"))
	}
	if c.AuthenticateExecutors && len(c.JWTKey) == 0 {
		bad = append(bad, errors.New("executors cannot be authenticated without a JWT key"))
	}
	if c.ReregistrationTimeout > maxReregistration {
		bad = append(bad, fmt.Errorf("reregistration timeout is %v, at most %v is allowed", c.ReregistrationTimeout, maxReregistration))
	}
	return errors.Join(bad...)
}
