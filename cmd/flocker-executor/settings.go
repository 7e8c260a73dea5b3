package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Settings are the operator's. Each flag has the environment form
// FLOCKER_EXECUTOR_<NAME>; the flag wins.
type settings struct {
	stateDir       string
	flocker        flocker.Config
	labelPrefix    string
	acquireTimeout time.Duration
	releaseTimeout time.Duration
	lease          time.Duration
	defaultSize    int64
	rawData        bool
	dockerSocket   string
	dockerConfig   string
	logLevel       string
	logFormat      string
	version        bool
	dryRun         bool // of recover only
}

// variablePrefix is that of the environment forms.
const variablePrefix = "FLOCKER_EXECUTOR_"

// flags binds a new flag set to s, whose current values are the defaults.
func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("flocker-executor", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.stateDir, "state-dir", s.stateDir, "`directory` of journal and locks; one per node, on a local filesystem")
	f.StringVar(&s.flocker.Host, "flocker-host", s.flocker.Host, "`host` of the control service; else FLOCKER_CONTROL_SERVICE_HOST, else /etc/flocker/agent.yml")
	f.IntVar(&s.flocker.Port, "flocker-port", s.flocker.Port, "`port` of the control service's REST API (4523; not the port in agent.yml)")
	f.StringVar(&s.flocker.CAFile, "flocker-ca-file", s.flocker.CAFile, "cluster certificate `file`; else /etc/flocker/cluster.crt")
	f.StringVar(&s.flocker.CertFile, "flocker-cert-file", s.flocker.CertFile, "user certificate `file`; else plugin.crt or user.crt in /etc/flocker")
	f.StringVar(&s.flocker.KeyFile, "flocker-key-file", s.flocker.KeyFile, "`file` with the key of that certificate")
	f.StringVar(&s.flocker.ServerName, "flocker-server-name", s.flocker.ServerName, "`name` in the control service's certificate, when it is not its host")
	f.StringVar(&s.flocker.Node, "flocker-node", s.flocker.Node, "`uuid` of this machine's Flocker node; found by its boot id when not given")
	f.StringVar(&s.labelPrefix, "label-prefix", s.labelPrefix, "`prefix` of the labels that are meant for us")
	f.DurationVar(&s.acquireTimeout, "acquire-timeout", s.acquireTimeout, "how long a task may wait for its volumes")
	f.DurationVar(&s.releaseTimeout, "release-timeout", s.releaseTimeout, "how long giving volumes back may take; recovery does the rest")
	f.DurationVar(&s.lease, "lease", s.lease, "lifetime of a lease; renewed at a quarter of it")
	f.Var((*size)(&s.defaultSize), "default-size", "`size` of a dataset made for a volume without size=")
	f.BoolVar(&s.rawData, "raw-data", s.rawData, "take TaskInfo.data that is no JSON for the shell command")
	f.StringVar(&s.dockerConfig, "docker-config", s.dockerConfig, "docker configuration `file` with registry credentials; one in the sandbox wins")
	f.StringVar(&s.dockerSocket, "docker-socket", s.dockerSocket, "`path` of the docker engine's socket, for tasks that are containers")
	f.StringVar(&s.logLevel, "log-level", s.logLevel, "debug, info, warn or error")
	f.StringVar(&s.logFormat, "log-format", s.logFormat, "console or json, to stderr")
	f.BoolVar(&s.version, "version", s.version, "print the version")
	return f
}

// defaults are the design's: Marathon gives a task five minutes to be RUNNING.
func defaults() *settings {
	return &settings{
		stateDir:       "/var/lib/flocker-executor",
		labelPrefix:    "flocker.",
		acquireTimeout: 4*time.Minute + 30*time.Second,
		releaseTimeout: 30 * time.Second,
		lease:          4 * time.Minute,
		defaultSize:    10 << 30,
		dockerSocket:   "/var/run/docker.sock",
		logLevel:       "info",
		logFormat:      "console",
	}
}

// arguments is what the command line says besides settings.
type arguments struct {
	recover bool
	task    []string // words of a task's command
}

// parse reads the environment, then the command line. Our flags end at -- or at
// the first word without a dash; if that word is recover, the flags behind it
// are ours too. The settings are returned also with an error, for the log.
func parse(args []string, getenv func(string) string) (*settings, arguments, error) {
	s := defaults()
	f := s.flags()
	fromEnv := s.environment(f, getenv)
	if err := f.Parse(args); err != nil {
		return s, arguments{}, errors.Join(fromEnv, err)
	}
	rest := f.Args()
	before := len(args) - len(rest)
	ended := before > 0 && args[before-1] == "--"
	if len(rest) == 0 || rest[0] != "recover" || ended {
		return s, arguments{task: rest}, errors.Join(fromEnv, s.check())
	}
	f = s.flags()
	f.BoolVar(&s.dryRun, "dry-run", false, "with recover: only say what would be done")
	err := f.Parse(rest[1:])
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("recover: %q: takes flags only", f.Arg(0))
	}
	return s, arguments{recover: true}, errors.Join(fromEnv, err, s.check())
}

// environment sets every flag that has its variable set.
func (s *settings) environment(f *flag.FlagSet, getenv func(string) string) error {
	var errs []error
	f.VisitAll(func(g *flag.Flag) {
		name := variable(g.Name)
		value := getenv(name)
		if value == "" || g.Name == "version" {
			return
		}
		if err := f.Set(g.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("environment variable %s is %q: %w", name, value, err))
		}
	})
	return errors.Join(errs...)
}

func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// check refuses settings that cannot work together.
func (s *settings) check() error {
	var errs []error
	fail := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, a...))
		}
	}
	fail(s.acquireTimeout <= 0, "--acquire-timeout %v: must be positive", s.acquireTimeout)
	fail(s.releaseTimeout <= 0, "--release-timeout %v: must be positive", s.releaseTimeout)
	fail(s.lease < time.Second, "--lease %v: must be at least 1s", s.lease)
	fail(s.lease >= s.acquireTimeout, "--lease %v: must be shorter than --acquire-timeout (%v), so that a dead node's lease can be waited for", s.lease, s.acquireTimeout)
	fail(!strings.HasPrefix(s.stateDir, "/"), "--state-dir %q: must be an absolute path", s.stateDir)
	fail(!strings.HasPrefix(s.dockerSocket, "/"), "--docker-socket %q: must be an absolute path", s.dockerSocket)
	fail(s.labelPrefix == "", "--label-prefix: must not be empty")
	fail(s.logFormat != "console" && s.logFormat != "json", "--log-format %q: must be console or json", s.logFormat)
	_, err := s.level()
	return errors.Join(append(errs, err)...)
}

// size is a flag in the words of the size= option.
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }

func (s *size) Set(text string) error {
	n, err := volumes.ParseSize(text)
	*s = size(n)
	return err
}
