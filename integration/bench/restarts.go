package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"golang.org/x/sync/errgroup"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

const (
	rounds  = 25 // restarts of each of two agents
	load    = 8  // tasks on each node that run through all of them
	leaving = 4  // tasks that end during each, while the agent is down
	// An agent gives its executors 2 s to come back before it registers, and
	// forwards nothing before; later than tooLate is a retry that was needed.
	tooLate = 3 * time.Second
)

// restarts kills and starts two nodes' agents again and again.
func restarts(ctx context.Context, executor string, _ int) error {
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 2, Executor: executor})
	if err != nil {
		return err
	}
	var group errgroup.Group
	var all []*restarting
	for _, node := range c.Nodes() {
		r := &restarting{cluster: c, node: node.Name}
		all = append(all, r)
		group.Go(func() error { return r.run(ctx) })
	}
	if err := errors.Join(group.Wait(), c.Close()); err != nil {
		return err
	}
	printRestarts(all)
	return nil
}

// restarting is one node's agent and the tasks below it.
type restarting struct {
	cluster *cluster.Minicluster
	node    string
	back    sample // until the last of the executors that had something to say was heard
	heard   sample
	lost    int
	late    int
}

func (r *restarting) run(ctx context.Context) error {
	for i := range load {
		if err := r.launch(ctx, r.name("load", i, 0)); err != nil {
			return err
		}
	}
	for i := range rounds {
		if err := r.round(ctx, i); err != nil {
			return err
		}
	}
	return r.end(ctx)
}

func (r *restarting) name(kind string, i, n int) string {
	return fmt.Sprintf("%s-%s-%d-%d", kind, r.node, i, n)
}

// round restarts the agent; some tasks end while it is down.
func (r *restarting) round(ctx context.Context, i int) error {
	var ids []string
	for n := range leaving {
		id := r.name("leaving", i, n)
		if err := r.launch(ctx, id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := r.cluster.KillAgent(ctx, r.node); err != nil {
		return err
	}
	for _, id := range ids {
		if err := r.stop(ctx, id); err != nil {
			return err
		}
	}
	if err := r.cluster.StartAgent(ctx, r.node); err != nil {
		return err
	}
	began := time.Now()
	for _, id := range ids {
		if err := r.hear(ctx, id, began); err != nil {
			return err
		}
	}
	r.back = append(r.back, time.Since(began))
	return nil
}

func (r *restarting) launch(ctx context.Context, id string) error {
	task := small(id, "while [ ! -e stop ]; do sleep 0.1; done")
	task.Node = r.node
	if err := r.cluster.Submit(ctx, task); err != nil {
		return err
	}
	_, err := state(ctx, r.cluster, id, mesos.TASK_RUNNING)
	return err
}

func (r *restarting) stop(ctx context.Context, id string) error {
	sandbox, err := r.cluster.Sandbox(ctx, id)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(sandbox, "stop"), nil, 0o644)
}

// hear waits for a task's terminal status and counts what is missing before it.
func (r *restarting) hear(ctx context.Context, id string, began time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	status, err := r.cluster.Wait(ctx, id, func(s mesos.TaskStatus) bool { return framework.Terminal(s.GetState()) })
	if errors.Is(err, context.DeadlineExceeded) {
		r.lost++
		return nil
	}
	if err != nil {
		return err
	}
	took := time.Since(began)
	r.heard = append(r.heard, took)
	if took > tooLate {
		r.late++
	}
	return r.complete(ctx, id, status)
}

// complete compares with the three updates of a task that ends well.
func (r *restarting) complete(ctx context.Context, id string, last mesos.TaskStatus) error {
	all, err := r.cluster.Statuses(ctx, id)
	if err != nil {
		return err
	}
	seen := map[mesos.TaskState]bool{}
	for _, s := range all {
		seen[s.GetState()] = true
	}
	for _, s := range []mesos.TaskState{mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_FINISHED} {
		if !seen[s] {
			r.lost++
			fmt.Printf("  task %s has no %s: %s\n", id, s, last.GetMessage())
		}
	}
	return nil
}

// end lets the tasks end that were there all the time.
func (r *restarting) end(ctx context.Context) error {
	for i := range load {
		id := r.name("load", i, 0)
		if err := r.stop(ctx, id); err != nil {
			return err
		}
		if err := r.hear(ctx, id, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

func printRestarts(all []*restarting) {
	var sum restarting
	for _, r := range all {
		sum.back = append(sum.back, r.back...)
		sum.heard = append(sum.heard, r.heard...)
		sum.lost += r.lost
		sum.late += r.late
	}
	heading(fmt.Sprintf("%d agent restarts below %d tasks each; %d more end during each (median / 99 %%)", len(all)*rounds, load, leaving))
	row("agent answers -> all tasks that ended are heard of", sum.back.tail(), "agents forward nothing for 2 s")
	row("agent answers -> one of them is", sum.heard.tail(), "")
	row("updates lost; tasks heard of after more than 3 s", fmt.Sprintf("%d; %d", sum.lost, sum.late), "0; 0")
}
