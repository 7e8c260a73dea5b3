package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/sys/mountinfo"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// Description is what another process needs to use a running minicluster.
type Description struct {
	Master   string            `json:"master"`   // base URL of the scheduler API
	Executor string            `json:"executor"` // binary that tasks are launched with
	Backend  string            `json:"backend"`
	Folder   string            `json:"folder"`  // everything of the cluster lies in it
	Flocker  flocker.Config    `json:"flocker"` // control service and certificates
	Nodes    []NodeDescription `json:"nodes"`
}

// NodeDescription is one node of it.
type NodeDescription struct {
	Node
	Agent   string `json:"agent"`    // base URL
	WorkDir string `json:"work_dir"` // of the Mesos agent
	Pid     int    `json:"pid"`      // process 1 of the node
}

// view is a cluster as any process can use it.
type view struct {
	Description
	framework *framework.Framework
	flocker   *flocker.Client
}

func newView(ctx context.Context, d Description, o framework.Options) (*view, error) {
	client, err := flockerClient(d.Flocker)
	if err != nil {
		return nil, err
	}
	o.Master = d.Master
	f, err := framework.Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	return &view{Description: d, framework: f, flocker: client}, nil
}

func (v *view) Nodes() []Node {
	var nodes []Node
	for _, n := range v.Description.Nodes {
		nodes = append(nodes, n.Node)
	}
	return nodes
}

// Dir implements Cluster.
func (v *view) Dir() string { return v.Folder }

// StateDir implements Cluster.
func (v *view) StateDir(node string) string { return filepath.Join(v.Folder, node, "state") }

func (v *view) Backend() string { return v.Description.Backend }

func (v *view) Framework() *framework.Framework { return v.framework }

func (v *view) Submit(ctx context.Context, t Task) error {
	info, err := t.info(v.Executor)
	if err != nil {
		return err
	}
	return v.framework.Launch(ctx, t.Node, info)
}

func (v *view) SubmitGroup(ctx context.Context, tasks []Task) error {
	executor, infos, err := group(tasks, v.Executor)
	if err != nil {
		return err
	}
	return v.framework.LaunchGroup(ctx, tasks[0].Node, executor, infos)
}

func (v *view) Kill(ctx context.Context, taskID string, grace *time.Duration) error {
	return v.framework.Kill(ctx, taskID, grace)
}

func (v *view) Shutdown(ctx context.Context, taskID string) error {
	executor, err := v.framework.ExecutorID(ctx, taskID)
	if err != nil {
		return err
	}
	return v.framework.Shutdown(ctx, taskID, executor)
}

func (v *view) Statuses(ctx context.Context, taskID string) ([]mesos.TaskStatus, error) {
	return v.framework.Statuses(ctx, taskID)
}

func (v *view) Wait(ctx context.Context, taskID string, wanted func(mesos.TaskStatus) bool) (mesos.TaskStatus, error) {
	return v.framework.Wait(ctx, taskID, wanted)
}

// Sandbox looks through the agents' work directories: executor ids are unique.
// A task of a group has a folder of its own in its executor's sandbox.
func (v *view) Sandbox(ctx context.Context, taskID string) (string, error) {
	executor, err := v.framework.ExecutorID(ctx, taskID)
	if err != nil {
		return "", err
	}
	for _, n := range v.Description.Nodes {
		runs := filepath.Join(n.WorkDir, "slaves", "*", "frameworks", "*", "executors", executor, "runs", "latest")
		for _, in := range []string{filepath.Join(runs, "tasks", taskID), runs} {
			if found, _ := filepath.Glob(in); len(found) > 0 {
				return filepath.EvalSymlinks(found[len(found)-1])
			}
		}
	}
	return "", fmt.Errorf("no node has a sandbox of task %s", taskID)
}

func (v *view) node(name string) (NodeDescription, error) {
	i := slices.IndexFunc(v.Description.Nodes, func(n NodeDescription) bool { return n.Name == name })
	if i < 0 {
		return NodeDescription{}, fmt.Errorf("there is no node %q", name)
	}
	return v.Description.Nodes[i], nil
}

func (v *view) Exec(ctx context.Context, node string, argv ...string) ([]byte, error) {
	n, err := v.node(node)
	if err != nil {
		return nil, err
	}
	args := append([]string{"-t", fmt.Sprint(n.Pid), "-m", "-p", "-r", "-w", "--"}, argv...)
	cmd := exec.CommandContext(ctx, "nsenter", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%v on %s: %w: %s", argv, node, err, stderr.String())
	}
	return out, nil
}

func (v *view) Mounts(_ context.Context, node string) ([]*mountinfo.Info, error) {
	n, err := v.node(node)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/mountinfo", n.Pid))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return mountinfo.GetMountsFromReader(f, nil)
}

// Attach uses a minicluster that another process runs; path is its
// description. Close ends the tasks of this process, not the cluster.
func Attach(ctx context.Context, path string, o Options) (Cluster, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var d Description
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("cluster description %s: %w", path, err)
	}
	v, err := newView(ctx, d, o.framework())
	if err != nil {
		return nil, err
	}
	return &attached{v}, nil
}

type attached struct{ *view }

func (a *attached) KillAgent(context.Context, string) error {
	return fmt.Errorf("only the process that runs the cluster can kill an agent")
}

func (a *attached) StartAgent(context.Context, string) error {
	return fmt.Errorf("only the process that runs the cluster can start an agent")
}

func (a *attached) Close() error {
	ctx, cancel := closing()
	defer cancel()
	return a.framework.Close(ctx)
}
