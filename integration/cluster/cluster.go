package cluster

import (
	"context"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/sys/mountinfo"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// Cluster is a running Mesos with Flocker, seen from outside. All methods may
// be called from any goroutine; names of nodes are those of Nodes.
type Cluster interface {
	Nodes() []Node
	// Backend says in a few words what datasets are made of.
	Backend() string
	// Submit launches a task and returns when the master has taken it.
	Submit(ctx context.Context, t Task) error
	// SubmitGroup launches tasks as one LAUNCH_GROUP, on the first one's node and
	// below its executor, each command as TaskInfo.command.
	SubmitGroup(ctx context.Context, tasks []Task) error
	// Kill asks for the end of a task; grace nil leaves its own kill policy.
	Kill(ctx context.Context, taskID string, grace *time.Duration) error
	// Shutdown asks the task's executor to end.
	Shutdown(ctx context.Context, taskID string) error
	// Statuses returns the task's statuses so far, oldest first.
	Statuses(ctx context.Context, taskID string) ([]mesos.TaskStatus, error)
	// Wait returns the first status, past ones included, that is wanted.
	Wait(ctx context.Context, taskID string, wanted func(mesos.TaskStatus) bool) (mesos.TaskStatus, error)
	// KillAgent kills a node's Mesos agent with SIGKILL; its executors live on.
	KillAgent(ctx context.Context, node string) error
	// StartAgent starts it again and returns when it is registered.
	StartAgent(ctx context.Context, node string) error
	// Sandbox is the folder of the task's executor, readable from here.
	Sandbox(ctx context.Context, taskID string) (string, error)
	// Exec runs a program in the node's namespaces and returns its output.
	Exec(ctx context.Context, node string, argv ...string) ([]byte, error)
	// Mounts is the mount table of the node.
	Mounts(ctx context.Context, node string) ([]*mountinfo.Info, error)
	// Datasets and Leases are what the control service says.
	Datasets(ctx context.Context) ([]Dataset, error)
	Leases(ctx context.Context) ([]Lease, error)
	// Dir is the folder in which all sandboxes lie; StateDir is a node's
	// --state-dir. Both are readable from here.
	Dir() string
	StateDir(node string) string
	// FlockerClient is an operator's client of the control service. The caller
	// closes it.
	FlockerClient() (*flocker.Client, error)
	// Framework is what Submit and the others use, for what they do not offer.
	Framework() *framework.Framework
	// Close ends everything and leaves nothing behind. Repeatable.
	Close() error
}

// Node is one machine of the cluster.
type Node struct {
	Name    string // also the hostname its offers carry
	Flocker string // UUID of its Flocker node
}

// Dataset is one live dataset, configuration and state joined.
type Dataset struct {
	ID      string
	Name    string // metadata.name
	Primary string // Flocker node it is configured on
	Mounted string // Flocker node that has it mounted, "" when none
	Path    string // of that mount
}

// Lease is one lease of a dataset.
type Lease struct {
	Dataset string
	Node    string
	Expires time.Duration // left; negative for one that never expires
}
