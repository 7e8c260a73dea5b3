package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// Image is in every node's engine: a static busybox with a link in /bin for all
// that it can do, and no command.
const Image = "busybox:local"

// dockerMain is the child that becomes the node's docker engine.
const dockerMain = "minicluster-dockerd"

// engineSocket is where executors look for the engine by default, in the node.
const engineSocket = "/run/docker.sock"

// engineTimeout bounds an engine's start, which takes two seconds on a machine
// that has nothing else to do.
const engineTimeout = 40 * time.Second

// engineConfig is a node's docker engine; without a command there is none. Its
// state, sockets and containerd are in the node's own /run.
type engineConfig struct {
	Command []string `json:"command,omitempty"`
	Bridge  string   `json:"bridge,omitempty"`  // network interface of the node's containers, made with the node
	Address string   `json:"address,omitempty"` // of the bridge, with the length of its prefix
	// As the Options have them.
	Systemd    bool `json:"systemd,omitempty"`
	CgroupV2   bool `json:"cgroup_v2,omitempty"`
	RemapUsers bool `json:"remap_users,omitempty"`
}

func newEngineConfig(c nodeConfig, i int, o Options) (engineConfig, error) {
	dockerd, err := exec.LookPath("dockerd")
	if err != nil {
		return engineConfig{}, fmt.Errorf("docker engine of %s (Debian: docker.io): %w", c.Name, err)
	}
	_, cluster, _ := strings.Cut(c.cgroup(), "-")
	cluster, _, _ = strings.Cut(cluster, ".")
	e := engineConfig{
		Bridge: fmt.Sprintf("mc%s-%d", cluster, i+1), Address: subnet(c.Mesos.Port),
		Systemd: o.DockerSystemd, CgroupV2: o.CgroupV2, RemapUsers: o.DockerRemap,
	}
	e.Bridge = e.Bridge[max(0, len(e.Bridge)-unix.IFNAMSIZ+1):]
	e.Command = append([]string{
		dockerd, "--data-root", c.Dir + "/docker", "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid",
		"--host", "unix://" + engineSocket, "--config-file", c.Dir + "/docker.json", "--bridge", e.Bridge,
		"--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false", "--shutdown-timeout", "2",
	}, slices.Concat(e.arguments(c.cgroup()), o.DockerArgs)...)
	return e, nil
}

// subnet is one of the 8192 of 14 addresses in 198.18.0.0/15, which is set apart
// for tests (RFC 2544); the node's port chooses, so that nodes differ.
func subnet(port int) string {
	n := (port & 8191) * 16
	return fmt.Sprintf("198.%d.%d.%d/28", 18+n>>16, n>>8&255, n&255+1)
}

func (e engineConfig) makeBridge() error {
	for _, args := range [][]string{
		{"link", "add", e.Bridge, "type", "bridge"},
		{"address", "add", e.Address, "dev", e.Bridge},
		{"link", "set", e.Bridge, "up"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("make bridge %s: %w: %s", e.Bridge, err, out)
		}
	}
	return nil
}

func (e engineConfig) removeBridge() error {
	if e.Bridge == "" {
		return nil
	}
	out, err := exec.Command("ip", "link", "delete", e.Bridge).CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("Cannot find")) {
		return fmt.Errorf("remove bridge %s: %w: %s", e.Bridge, err, out)
	}
	return nil
}

// startEngine makes what the engine needs, starts it and puts the image into it.
func (n *node) startEngine(ctx context.Context) error {
	if err := n.config.Docker.makeBridge(); err != nil {
		return err
	}
	e, err := n.engine()
	if err != nil {
		return err
	}
	defer func() { _ = e.API.Close() }() // idle connections
	if err := e.Start(ctx); err != nil {
		return err
	}
	return dockertest.Import(ctx, e.API, Image)
}

func (n *node) engine() (*Engine, error) {
	e := &Engine{node: n, Socket: n.path(engineSocket)}
	var err error
	e.API, err = client.New(client.WithHost("unix://" + e.Socket))
	return e, err
}

// Engine is a node's docker engine, for faults and for people. API and Socket are
// usable from here. The caller closes API.
type Engine struct {
	Socket string
	API    *client.Client
	node   *node
}

// Engine of a node; an error if the cluster was started without Docker.
func (m *Minicluster) Engine(node string) (*Engine, error) {
	n, err := m.handle(node)
	if err != nil {
		return nil, err
	}
	if len(n.config.Docker.Command) == 0 {
		return nil, fmt.Errorf("node %s has no docker engine", node)
	}
	return n.engine()
}

// Start starts an engine that does not run and returns when it answers.
func (e *Engine) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, engineTimeout)
	defer cancel()
	if err := e.node.start(dockerMain); err != nil {
		return err
	}
	err := poll(ctx, func() error {
		if err := e.node.alive(dockerMain); err != nil {
			return err
		}
		_, err := e.API.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
		return err
	})
	if err != nil {
		return fmt.Errorf("docker engine of %s: %w", e.node.config.Name, err)
	}
	return nil
}

// Stop ends the engine as an operator does, with SIGTERM, and returns when it is
// gone. Its containers end with it.
func (e *Engine) Stop() error { return e.node.finish(dockerMain) }

// Kill ends the engine with SIGKILL; containers run on until it starts again.
func (e *Engine) Kill() error { return e.node.signal(dockerMain, syscall.SIGKILL) }

// Pause makes the engine hang until Resume.
func (e *Engine) Pause() error { return e.node.signal(dockerMain, syscall.SIGSTOP) }

// Resume is the undo of Pause.
func (e *Engine) Resume() error { return e.node.signal(dockerMain, syscall.SIGCONT) }
