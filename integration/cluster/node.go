package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/moby/sys/reexec"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

// nodeConfig is everything a node's processes need to know.
type nodeConfig struct {
	Name    string        `json:"name"`
	Dir     string        `json:"dir"` // the node's folder inside the cluster's
	BootID  string        `json:"boot_id"`
	Flocker flockerConfig `json:"flocker"`
	Mesos   mesosConfig   `json:"mesos"`
	Docker  engineConfig  `json:"docker"`
}

// cgroup is the root of the node's cgroups.
func (c nodeConfig) cgroup() string { return filepath.Base(filepath.Dir(c.Dir)) + "." + c.Name }

type flockerConfig struct {
	UUID      string `json:"uuid"`
	Host      string `json:"host"`
	AgentURL  string `json:"agent_url"`
	Backend   string `json:"backend"`
	Pool      string `json:"pool"`
	Realistic bool   `json:"realistic,omitempty"`
	// Command line of a real agent; none: the test's.
	Command []string `json:"command,omitempty"`
}

type mesosConfig struct {
	Master      string            `json:"master"`
	Port        int               `json:"port"`
	Isolation   string            `json:"isolation"`
	Cgroups     bool              `json:"cgroups,omitempty"`
	SharePID    bool              `json:"share_pid,omitempty"`
	CPUs        float64           `json:"cpus"`
	Mem         float64           `json:"mem"`
	Ports       string            `json:"ports"`       // a range: nodes share the machine's network
	Environment map[string]string `json:"environment"` // --executor_environment_variables
	// RecoveryTimeout and RestartWindow are those of Options.
	RecoveryTimeout time.Duration `json:"recovery_timeout"`
	RestartWindow   time.Duration `json:"restart_window"`
	Tokens          bool          `json:"tokens,omitempty"`
	DomainSocket    bool          `json:"domain_socket,omitempty"`
	IP              string        `json:"ip,omitempty"`
	TLS             agent.TLS     `json:"tls"`
	// Command line of a real daemon; none: minimesos.
	Command []string `json:"command,omitempty"`
}

// node is the handle of a node's process 1.
type node struct {
	config  nodeConfig
	cmd     *exec.Cmd
	control *os.File
	orders  *json.Encoder
	answers *json.Decoder
	serial  chan struct{} // one order at a time
}

// prepare lays out the node's folder.
func prepare(c nodeConfig) error {
	for _, d := range []string{"flocker", "etc-flocker", "state", "mesos"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, d), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(c.Dir, "flocker"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "docker.json"), []byte("{}\n"), 0o644); err != nil {
		return err // without it the engine would take the machine's
	}
	return os.WriteFile(filepath.Join(c.Dir, "boot_id"), []byte(c.BootID+"\n"), 0o444)
}

// startNode starts the node's process 1 and returns when its world stands.
func startNode(c nodeConfig) (*node, error) {
	if err := prepare(c); err != nil {
		return nil, err
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	cmd := reexec.Command(nodeMain)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: cloneFlags(c),
		Setsid:     true, // a Ctrl-C at the terminal is for the parent alone
	}
	err = cmd.Start()
	_ = theirs.Close()
	if err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("start node %s: %w", c.Name, err)
	}
	n := &node{config: c, cmd: cmd, control: ours, orders: json.NewEncoder(ours), answers: json.NewDecoder(ours), serial: make(chan struct{}, 1)}
	if err := n.exchange(c); err != nil {
		return nil, errors.Join(fmt.Errorf("start node %s: %w", c.Name, err), n.kill())
	}
	return n, nil
}

// cloneFlags give a node with an engine a cgroup namespace too: whatever cgroup
// the machine runs this program in, executors do not think it an agent's.
func cloneFlags(c nodeConfig) uintptr {
	flags := uintptr(syscall.CLONE_NEWNS | syscall.CLONE_NEWPID)
	if len(c.Docker.Command) > 0 {
		flags |= syscall.CLONE_NEWCGROUP
	}
	return flags
}

// exchange sends one order (or the configuration) and waits for its answer.
func (n *node) exchange(o any) error {
	n.serial <- struct{}{}
	defer func() { <-n.serial }()
	if err := n.orders.Encode(o); err != nil {
		return fmt.Errorf("node %s: %w", n.config.Name, err)
	}
	var a answer
	if err := n.answers.Decode(&a); err != nil {
		return fmt.Errorf("node %s is gone: %w", n.config.Name, err)
	}
	if a.Error != "" {
		return fmt.Errorf("node %s: %s", n.config.Name, a.Error)
	}
	return nil
}

func (n *node) start(child string) error {
	return n.exchange(order{Op: "start", Child: child})
}

func (n *node) signal(child string, sig syscall.Signal) error {
	return n.exchange(order{Op: "signal", Child: child, Signal: sig})
}

// finish ends a child with SIGTERM and returns when it is gone.
func (n *node) finish(child string) error {
	return n.exchange(order{Op: "finish", Child: child})
}

// stop ends the node in good order: nothing of it stays mounted.
func (n *node) stop() error {
	err := n.exchange(order{Op: "sweep"})
	return errors.Join(err, n.kill(), n.config.Docker.removeBridge())
}

// kill is a power cut: process 1 dies and everything in the node with it.
func (n *node) kill() error {
	_ = n.cmd.Process.Kill()
	err := n.cmd.Wait()
	_ = n.control.Close()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// path is a path inside the node as this process reaches it.
func (n *node) path(p string) string {
	return filepath.Join("/proc", fmt.Sprint(n.cmd.Process.Pid), "root", p)
}

func socketPair() (ours, theirs *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "node"), os.NewFile(uintptr(fds[1]), "node"), nil
}

func newBootID() string { return uuid.NewString() }

func (n *node) pid() string { return fmt.Sprint(n.cmd.Process.Pid) }
