package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// tasks measures the life of tasks on a minicluster, one after another.
func tasks(ctx context.Context, executor string, n int) error {
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 1, Executor: executor})
	if err != nil {
		return err
	}
	err = life(ctx, c, n)
	if err == nil {
		err = firstInstruction(ctx, c, min(n, 15))
	}
	if e := c.Close(); err == nil {
		err = e
	}
	return err
}

// life runs tasks without volumes to RUNNING, looks at their memory once, and
// kills them.
func life(ctx context.Context, c *cluster.Minicluster, n int) error {
	var accepted, running, killed sample
	var mem string
	for i := range n {
		id := fmt.Sprintf("life-%d", i)
		began := time.Now()
		if err := c.Submit(ctx, cluster.Task{ID: id, Name: "life", Command: "exec sleep 1000"}); err != nil {
			return err
		}
		status, err := state(ctx, c, id, mesos.TASK_RUNNING)
		if err != nil {
			return err
		}
		accepted = append(accepted, time.Since(began))
		starting, err := state(ctx, c, id, mesos.TASK_STARTING)
		if err != nil {
			return err
		}
		running = append(running, between(starting, status))
		if i == n-1 {
			mem = memory(id)
		}
		began = time.Now()
		if err := c.Kill(ctx, id, nil); err != nil {
			return err
		}
		if _, err := state(ctx, c, id, mesos.TASK_KILLED); err != nil {
			return err
		}
		killed = append(killed, time.Since(began))
	}
	heading("a task without volumes (median / 90 %)")
	row("submit -> RUNNING at the scheduler (offer, fetch, launch)", accepted.String(), "")
	row("LAUNCH -> RUNNING in the executor (timestamps of its updates)", running.String(), "below Mesos' command executor")
	row("KILL -> KILLED at the scheduler", killed.String(), "")
	heading("memory while the task runs")
	fmt.Print(mem)
	return nil
}

func state(ctx context.Context, c cluster.Cluster, id string, want mesos.TaskState) (mesos.TaskStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	status, err := c.Wait(ctx, id, func(s mesos.TaskStatus) bool {
		return s.GetState() == want || framework.Terminal(s.GetState())
	})
	if err == nil && status.GetState() != want {
		err = fmt.Errorf("task %s ended as %s: %s", id, status.GetState(), status.GetMessage())
	}
	return status, err
}

func between(a, b mesos.TaskStatus) time.Duration {
	return time.Duration((b.GetTimestamp() - a.GetTimestamp()) * float64(time.Second))
}

// firstInstruction measures from the mount's appearance in the node's mount
// table to the first instruction of the task's shell.
func firstInstruction(ctx context.Context, c *cluster.Minicluster, n int) error {
	var took sample
	for i := range n {
		id := fmt.Sprintf("volume-%d", i)
		appeared, err := watchMount(ctx, c.Description.Nodes[0].Pid)
		if err != nil {
			return err
		}
		task := cluster.Task{ID: id, Name: "volume", Command: "exec date +%s.%N", Labels: map[string]string{"flocker.volume": id + ":data:size=64MiB"}}
		if err := c.Submit(ctx, task); err != nil {
			return err
		}
		if _, err := state(ctx, c, id, mesos.TASK_FINISHED); err != nil {
			return err
		}
		printed, err := clock(ctx, c, id)
		if err != nil {
			return err
		}
		took = append(took, printed.Sub(<-appeared))
	}
	heading("a task with a new volume (median / 90 %)")
	row("mount appears -> the task's shell has started date(1)", took.String(), "budget 10 ms; polling clients 0.5-2.5 s on average")
	alone, err := shellAlone(ctx, n)
	row("of it, a shell that starts date(1) without any executor", alone.String(), "")
	return err
}

// shellAlone measures from a fork of this process to what date prints.
func shellAlone(ctx context.Context, n int) (sample, error) {
	var took sample
	for range n {
		began := time.Now()
		out, err := exec.CommandContext(ctx, "sh", "-c", "exec date +%s.%N").Output()
		if err != nil {
			return nil, fmt.Errorf("date: %w", err)
		}
		printed, err := parseClock(string(out))
		if err != nil {
			return nil, err
		}
		took = append(took, printed.Sub(began))
	}
	return took, nil
}

// clock reads the time that the task printed.
func clock(ctx context.Context, c cluster.Cluster, id string) (time.Time, error) {
	sandbox, err := c.Sandbox(ctx, id)
	if err != nil {
		return time.Time{}, err
	}
	text, err := readFile(filepath.Join(sandbox, "stdout"))
	if err != nil {
		return time.Time{}, err
	}
	return parseClock(text)
}

func parseClock(text string) (time.Time, error) {
	seconds, nanos, _ := strings.Cut(strings.TrimSpace(text), ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	n, err := strconv.ParseInt(nanos, 10, 64)
	return time.Unix(s, n), err
}
