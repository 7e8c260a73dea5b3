package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"golang.org/x/sync/errgroup"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

// Options of a minicluster. Executor is the only one that has to be given.
type Options struct {
	Nodes     int    // default 2
	Backend   string // loopback or directory; "": loopback if the machine has loop devices
	Isolation string // posix (default) or linux
	Executor  string // binary that tasks are launched with
	Dir       string // where the temporary folder is made; "" as os.MkdirTemp
	// Environment is given to every executor (--executor_environment_variables).
	Environment map[string]string
	// Docker gives every node an engine of its own. Containers of the linux
	// isolation then have a cgroup, and no PID namespace unless PIDNamespace.
	Docker, PIDNamespace bool
	DockerArgs           []string // of dockerd, besides
	// DockerSystemd are engines whose cgroup driver is systemd: no container starts.
	// DockerRemap are engines with users of their own (--userns-remap). CgroupV2 are
	// nodes with engines that have nothing else, and no limits on a machine with v1.
	DockerSystemd, DockerRemap, CgroupV2 bool
	// Realistic lets Flocker take the time that a real one takes.
	Realistic bool
	// NoCheckpoint is a framework whose executors do not survive their agent.
	NoCheckpoint bool
	// Without are capabilities that the framework does not have.
	Without []mesos.FrameworkInfo_Capability_Type
	// RecoveryTimeout is how long executors wait for a dead agent; default 15 min.
	RecoveryTimeout time.Duration
	// RestartWindow is how long a starting agent answers 404, and then 503 for as
	// long; a real one does so for some 100 ms.
	RestartWindow time.Duration
	// Tokens lets agents demand a token of executors (--authenticate_http_executors).
	Tokens bool
	// DomainSocket lets executors reach agents by a socket alone
	// (--http_executor_domain_sockets).
	DomainSocket bool
	// AgentIP and AgentTLS are where and how the agents' ports speak; default
	// 127.0.0.1, http. Executors get the variables for it by Environment.
	AgentIP  string
	AgentTLS agent.TLS
	// OnStatus is told every status and the node it came from, in order.
	OnStatus func(node string, s mesos.TaskStatus)
	// Ports of the master and of the control service; 0 is any.
	MasterPort, FlockerPort int
}

func (o Options) framework() framework.Options {
	return framework.Options{Name: "minicluster", Checkpoint: !o.NoCheckpoint, Without: o.Without, OnStatus: o.OnStatus}
}

// Minicluster is a Cluster on this machine. Service and Master are its control
// service and master, for faults that no real daemon can be asked for; they are
// nil when that is a real one.
type Minicluster struct {
	*view
	Service  *flockertest.Service
	Master   *master.Master
	dir      string
	mesos    mesosSide
	flockers flockerSide
	nodes    []*node
	closed   bool
}

var _ Cluster = (*Minicluster)(nil)

// Start starts a minicluster. ctx bounds the start, not the cluster's life.
// When it fails nothing is left behind.
func Start(ctx context.Context, o Options) (*Minicluster, error) {
	return startOn(ctx, o, &mini{}, &testFlocker{})
}

func startOn(ctx context.Context, o Options, mesos mesosSide, flockers flockerSide) (*Minicluster, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(o.Dir, "minicluster-")
	if err != nil {
		return nil, err
	}
	m := &Minicluster{dir: dir, mesos: mesos, flockers: flockers}
	if err := os.Chmod(dir, 0o711); err != nil { // executors need not be root's
		return nil, errors.Join(err, m.Close())
	}
	if err := m.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("start minicluster: %w", err), m.Close())
	}
	return m, nil
}

func (m *Minicluster) start(ctx context.Context, o Options) error {
	if err := m.flockers.start(ctx, m, o); err != nil {
		return err
	}
	masterURL, err := m.mesos.startMaster(ctx, m, o)
	if err != nil {
		return err
	}
	if err := m.startNodes(ctx, o, masterURL); err != nil {
		return err
	}
	view, err := newView(ctx, m.describe(o, masterURL), o.framework())
	if err != nil {
		return err
	}
	m.view = view
	return m.writeDescription()
}

func (m *Minicluster) startNodes(ctx context.Context, o Options, masterURL string) error {
	var group errgroup.Group
	m.nodes = make([]*node, o.Nodes)
	for i := range o.Nodes {
		c, err := m.nodeConfig(o, i, masterURL)
		if err != nil {
			return err
		}
		group.Go(func() (err error) {
			m.nodes[i], err = bringUp(ctx, c)
			return err
		})
	}
	err := group.Wait()
	if err == nil {
		err = m.awaitNodes(ctx)
	}
	return err
}

func (m *Minicluster) awaitNodes(ctx context.Context) error {
	for _, n := range m.nodes {
		if err := m.flockers.await(ctx, n); err != nil {
			return err
		}
		if err := m.mesos.await(ctx, n, true); err != nil {
			return errors.Join(err, n.logs())
		}
	}
	return nil
}

// bringUp starts a node with both its agents; a node that did not come up
// wholly is taken down.
func bringUp(ctx context.Context, c nodeConfig) (*node, error) {
	n, err := startNode(c)
	if err != nil {
		return nil, err
	}
	for _, child := range []string{flockerAgentMain, mesosAgentMain} {
		if err == nil {
			err = n.start(child)
		}
	}
	if err == nil && len(c.Docker.Command) > 0 {
		err = n.startEngine(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, n.logs(), n.stop())
	}
	return n, nil
}

// Close ends the tasks, the nodes, master and control service, detaches the loop
// devices and removes the folder. Repeatable.
func (m *Minicluster) Close() error {
	if m.closed {
		return nil
	}
	m.closed = true
	ctx, cancel := closing()
	defer cancel()
	var errs []error
	if m.view != nil {
		errs = append(errs, m.framework.Close(ctx))
		m.flocker.Close()
	}
	errs = append(errs, thaw(m.groups()), m.flockers.release(ctx), m.stopNodes(), m.mesos.stop(ctx))
	m.flockers.stop()
	errs = append(errs, removeGroups(ctx, m.groups()), flockertest.Sweep(m.dir), os.RemoveAll(m.dir))
	return errors.Join(errs...)
}

func (m *Minicluster) stopNodes() error {
	var group errgroup.Group
	for _, n := range m.nodes {
		if n != nil {
			group.Go(n.stop)
		}
	}
	return group.Wait()
}

// closing bounds the end of a cluster, whatever happened to the context it was
// used under.
func closing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 20*time.Second)
}

// groups is what the names of the nodes' cgroups begin with.
func (m *Minicluster) groups() string { return filepath.Base(m.dir) }

func (m *Minicluster) pool() string { return filepath.Join(m.dir, "images") }

// ExecutorEnvironment is what a node's agent gives every executor.
func (m *Minicluster) ExecutorEnvironment(node string) ([]string, error) {
	n, err := m.handle(node)
	if err != nil {
		return nil, err
	}
	env := n.config.Mesos.Environment
	var list []string
	for _, name := range sortedKeys(env) {
		list = append(list, name+"="+env[name])
	}
	return list, nil
}

// DescriptionPath is what Attach, in another process, needs.
func (m *Minicluster) DescriptionPath() string { return filepath.Join(m.dir, "cluster.json") }

func (m *Minicluster) writeDescription() error {
	data, err := json.MarshalIndent(m.Description, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(m.DescriptionPath(), append(data, '\n'), 0o600)
}
