package main

import (
	"context"
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"golang.org/x/sync/errgroup"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// concurrent is how many short tasks run at once.
const concurrent = 100

// many submits short tasks all at once, without volumes and with one each.
func many(ctx context.Context, executor string, _ int) error {
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 2, Executor: executor})
	if err != nil {
		return err
	}
	heading(fmt.Sprintf("%d short tasks submitted at once on two nodes (median / 99 %%)", concurrent))
	err = crowd(ctx, c, "plain", "")
	if err == nil {
		err = crowd(ctx, c, "volume", ":data:size=64MiB")
	}
	if e := c.Close(); err == nil {
		err = e
	}
	return err
}

// crowd runs the tasks; volume is what follows the task's name in its label, ""
// for no volume.
func crowd(ctx context.Context, c *cluster.Minicluster, name, volume string) error {
	var group errgroup.Group
	began := time.Now()
	for i := range concurrent {
		task := small(fmt.Sprintf("%s-%d", name, i), "exec date +%s.%N")
		if volume != "" {
			task.Labels = map[string]string{"flocker.volume": task.ID + volume}
		}
		group.Go(func() error {
			if err := c.Submit(ctx, task); err != nil {
				return err
			}
			_, err := state(ctx, c, task.ID, mesos.TASK_FINISHED)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	took := time.Since(began)
	row(name+": tasks per second, submit to terminal status", fmt.Sprintf("%.1f", concurrent/took.Seconds()), "")
	return latencies(ctx, c, name)
}

// latencies are read from what the executors and the tasks have written.
func latencies(ctx context.Context, c *cluster.Minicluster, name string) error {
	var running, ended sample
	for i := range concurrent {
		id := fmt.Sprintf("%s-%d", name, i)
		at := map[mesos.TaskState]mesos.TaskStatus{}
		for _, s := range []mesos.TaskState{mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_FINISHED} {
			status, err := c.Wait(ctx, id, func(got mesos.TaskStatus) bool { return got.GetState() == s })
			if err != nil {
				return err
			}
			at[s] = status
		}
		printed, err := clock(ctx, c, id)
		if err != nil {
			return err
		}
		running = append(running, between(at[mesos.TASK_STARTING], at[mesos.TASK_RUNNING]))
		ended = append(ended, stamp(at[mesos.TASK_FINISHED]).Sub(printed))
	}
	row(name+": LAUNCH -> RUNNING in the executor", running.tail(), "")
	row(name+": task prints the time, ends -> terminal status", ended.tail(), "alone on a core: the lease's return + 10 ms")
	return nil
}

func stamp(s mesos.TaskStatus) time.Time {
	return time.UnixMicro(int64(s.GetTimestamp() * 1e6))
}

// small is a task of which hundreds fit on a node.
func small(id, command string) cluster.Task {
	return cluster.Task{ID: id, Name: id, Command: command, CPUs: 0.01, Mem: 1, Info: func(t *mesos.TaskInfo) {
		for i, r := range t.Executor.Resources {
			if r.Name == "cpus" {
				t.Executor.Resources[i].Scalar.Value = 0.01
			}
			if r.Name == "mem" {
				t.Executor.Resources[i].Scalar.Value = 1
			}
		}
	}}
}
