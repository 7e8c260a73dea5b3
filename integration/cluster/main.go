package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/moby/sys/reexec"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
)

func init() {
	reexec.Register(nodeMain, superviseMain)
	reexec.Register(mesosAgentMain, agentMain(runMesosAgent))
	reexec.Register(flockerAgentMain, agentMain(runFlockerAgent))
	reexec.Register(dockerMain, agentMain(func(_ context.Context, c nodeConfig, ready func()) error {
		return become(c.Docker.Command, ready)
	}))
}

// Init must be the first call of main, and of TestMain, in every program that
// calls Start. It returns true in a process that was a part of a node and has
// done its work: the program then has to return.
func Init() bool { return reexec.Init() }

// agentMain is the main function of a node's agent: it gets the node's
// configuration as its argument and a pipe to say that it is ready.
func agentMain(run func(ctx context.Context, c nodeConfig, ready func()) error) func() {
	return func() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		pipe := os.NewFile(controlFD, "ready")
		syscall.CloseOnExec(controlFD)
		ready := func() {
			_, _ = pipe.WriteString("ready\n")
			_ = pipe.Close()
		}
		var c nodeConfig
		err := json.Unmarshal([]byte(os.Args[1]), &c)
		if err == nil {
			err = run(ctx, c, ready)
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func runMesosAgent(ctx context.Context, c nodeConfig, ready func()) error {
	if len(c.Mesos.Command) > 0 {
		return become(c.Mesos.Command, ready)
	}
	log, err := zap.NewDevelopment()
	if err != nil {
		return err
	}
	config := agent.Config{
		Master: c.Mesos.Master, Port: c.Mesos.Port, Hostname: c.Name,
		WorkDir: c.workDir(), RuntimeDir: c.runtimeDir(),
		IP: c.Mesos.IP, TLS: c.Mesos.TLS,
		Isolation: c.Mesos.Isolation, Env: c.Mesos.Environment,
		Resources: c.resources(),
		// A container with a /proc of its own must see the node's boot id too.
		ProcBinds:       []contain.Bind{{Source: filepath.Join(c.Dir, "boot_id"), Target: bootIDPath}},
		RecoveryTimeout: c.Mesos.RecoveryTimeout, RouteDelay: c.Mesos.RestartWindow, RecoveryDelay: c.Mesos.RestartWindow,
		Ready: func(string) { ready() },
		Log:   log,
	}
	if c.Mesos.Cgroups {
		config.CgroupsRoot, config.SharePID = c.cgroup(), c.Mesos.SharePID
	}
	if c.Mesos.Tokens {
		config.JWTKey, config.AuthenticateExecutors = []byte(tokenKey), true
	}
	if c.Mesos.DomainSocket {
		config.DomainSocket = c.socket()
	}
	return agent.Run(ctx, config)
}

func runFlockerAgent(ctx context.Context, c nodeConfig, ready func()) error {
	if len(c.Flocker.Command) > 0 {
		return become(c.Flocker.Command, ready)
	}
	a := flockertest.Agent{
		UUID: c.Flocker.UUID, Host: c.Flocker.Host, Era: c.BootID,
		Root: storageRoot, Backend: c.Flocker.Backend, Pool: c.Flocker.Pool,
		ServiceURL: c.Flocker.AgentURL, Pace: pace(c.Flocker.Realistic), CleanUp: true,
		Logf: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
	ready()
	return a.Run(ctx)
}

// tokenKey signs the executors' tokens.
const tokenKey = "a key of the minicluster, no secret"

func (c nodeConfig) workDir() string { return filepath.Join(c.Dir, "mesos", "work") }

func (c nodeConfig) runtimeDir() string { return filepath.Join(c.Dir, "mesos", "run") }

// socket is where Mesos has it by default.
func (c nodeConfig) socket() string { return filepath.Join(c.runtimeDir(), "agent.sock") }

func (c nodeConfig) resources() string {
	return fmt.Sprintf("cpus:%g;mem:%g;disk:8192;ports:[%s]", c.Mesos.CPUs, c.Mesos.Mem, c.Mesos.Ports)
}

func (c mesosConfig) url() string {
	scheme, ip := "http", c.IP
	if c.TLS.CertFile != "" {
		scheme = "https"
	}
	if ip == "" {
		ip = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(ip, strconv.Itoa(c.Port))
}

func (n *node) describe() NodeDescription {
	return NodeDescription{
		Node:    Node{Name: n.config.Name, Flocker: n.config.Flocker.UUID},
		Agent:   n.config.Mesos.url(),
		WorkDir: n.config.workDir(),
		Pid:     n.cmd.Process.Pid,
	}
}
