package integration_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// gone asserts what every ending of a task must leave: no lease of the dataset,
// no journal entry, no mount of ours, no process of the task or its executor.
func gone(t *testing.T, c cluster.Cluster, datasets ...string) {
	t.Helper()
	eventually(t, "nothing is left of the task", func() error { return left(c, datasets...) })
}

func left(c cluster.Cluster, datasets ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, name := range datasets {
		d, err := dataset(ctx, c, name)
		if err != nil {
			return err
		}
		lease, held, err := leaseOf(ctx, c, d.ID)
		if err == nil && held {
			err = fmt.Errorf("dataset %s is still leased by %s", name, lease.Node)
		}
		if err != nil {
			return err
		}
	}
	for _, n := range c.Nodes() {
		if err := leftOn(ctx, c, n.Name, datasets); err != nil {
			return err
		}
	}
	return nil
}

func leftOn(ctx context.Context, c cluster.Cluster, node string, datasets []string) error {
	entries, err := journal(c, node)
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, _ := os.ReadFile(e)
		for _, name := range datasets {
			if strings.Contains(string(text), `"`+name+`"`) {
				return fmt.Errorf("%s has a journal entry of %s: %s", node, name, e)
			}
		}
	}
	table, err := c.Mounts(ctx, node)
	if err != nil {
		return err
	}
	for _, m := range table {
		if strings.Contains(m.Mountpoint, "/executors/") {
			return fmt.Errorf("%s has a mount in a sandbox: %s", node, m.Mountpoint)
		}
	}
	return nil
}

// journal lists the entries of all runs in a node's state directory.
func journal(c cluster.Cluster, node string) ([]string, error) {
	var entries []string
	root := filepath.Join(c.StateDir(node), "runs")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if strings.HasSuffix(path, ".json") {
			entries = append(entries, path)
		}
		return nil
	})
	return entries, err
}

// executors lists the executor and guard processes, and those of the task, that
// were started with this executor id in the cluster: the environment of each
// names both.
func executors(c cluster.Cluster, taskID string) ([]string, error) {
	all, err := os.ReadDir("/proc") // Glob would list every process' folder
	if err != nil {
		return nil, err
	}
	id, sandbox := "MESOS_EXECUTOR_ID=flocker-executor."+taskID+"\x00", "MESOS_SANDBOX="+c.Dir()+"/"
	var found []string
	for _, entry := range all {
		if c := entry.Name()[0]; c < '1' || c > '9' {
			continue
		}
		path := filepath.Join("/proc", entry.Name(), "environ")
		env, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(env), id) && strings.Contains(string(env), sandbox) {
			found = append(found, path)
		}
	}
	return found, nil
}

// noProcess asserts that nothing started for the task is alive.
func noProcess(t *testing.T, c cluster.Cluster, taskID string) {
	t.Helper()
	eventually(t, "no process of the task is left", func() error {
		found, err := executors(c, taskID)
		if err == nil && len(found) > 0 {
			err = fmt.Errorf("alive: %v", found)
		}
		return err
	})
}

func dataset(ctx context.Context, c cluster.Cluster, name string) (cluster.Dataset, error) {
	all, err := c.Datasets(ctx)
	if err != nil {
		return cluster.Dataset{}, err
	}
	for _, d := range all {
		if d.Name == name {
			return d, nil
		}
	}
	return cluster.Dataset{}, nil
}

func leaseOf(ctx context.Context, c cluster.Cluster, id string) (cluster.Lease, bool, error) {
	all, err := c.Leases(ctx)
	if err != nil {
		return cluster.Lease{}, false, err
	}
	for _, l := range all {
		if l.Dataset == id {
			return l, true, nil
		}
	}
	return cluster.Lease{}, false, nil
}

// killExecutor kills the task's executor, not its guard, with SIGKILL.
func killExecutor(t *testing.T, c cluster.Cluster, taskID string) {
	t.Helper()
	if !killIfAlive(t, c, taskID) {
		t.Fatalf("task %s has no executor", taskID)
	}
}

// killIfAlive says whether there was an executor to kill.
func killIfAlive(t *testing.T, c cluster.Cluster, taskID string) bool {
	t.Helper()
	return signalExecutor(t, c, taskID, syscall.SIGKILL)
}

// signalExecutor says whether there was an executor, which is not its guard, to
// signal.
func signalExecutor(t *testing.T, c cluster.Cluster, taskID string, sig syscall.Signal) bool {
	t.Helper()
	all, err := executors(c, taskID)
	if err != nil {
		t.Error(err)
	}
	for _, environ := range all {
		dir := filepath.Dir(environ)
		argv, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if !strings.HasPrefix(string(argv), "flocker-executor\x00") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil {
			err = syscall.Kill(pid, sig)
		}
		if errors.Is(err, syscall.ESRCH) {
			return false // it has just ended
		}
		if err != nil {
			t.Error(err)
		}
		return err == nil
	}
	return false
}

func primaryIs(c cluster.Cluster, name, node string) error {
	d, err := dataset(context.Background(), c, name)
	if err == nil && d.Primary != node {
		err = fmt.Errorf("dataset %s is configured on %q", name, d.Primary)
	}
	return err
}

// touch makes an empty file in a task's sandbox.
func touch(t *testing.T, c cluster.Cluster, taskID, name string) {
	t.Helper()
	sandbox, err := c.Sandbox(deadline(t), taskID)
	if err == nil {
		err = os.WriteFile(filepath.Join(sandbox, name), nil, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// computedID is the id of a dataset that the executor made first.
func computedID(name string) string { return flocker.ComputedID(name, 0) }
