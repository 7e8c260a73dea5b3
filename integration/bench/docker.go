package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	moby "github.com/moby/moby/client"

	executordocker "github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// dockerTasks measures tasks in containers beside docker run by hand, on the same
// engine, one after another in turns.
func dockerTasks(ctx context.Context, executor string, n int) error {
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 1, Executor: executor, Docker: true})
	if err != nil {
		return err
	}
	engine, err := c.Engine("node-1")
	if err == nil {
		err = (&docked{cluster: c, engine: engine}).measure(ctx, min(n, 15))
		_ = engine.API.Close() // idle connections
	}
	return errors.Join(err, c.Close())
}

type docked struct {
	cluster *cluster.Minicluster
	engine  *cluster.Engine
}

func (d *docked) measure(ctx context.Context, n int) error {
	var running, ended, byHand, waited sample
	for i := range n {
		start, end, err := d.task(ctx, fmt.Sprintf("contained-%d", i))
		if err != nil {
			return err
		}
		running, ended = append(running, start), append(ended, end)
		start, end, err = d.hand(ctx, fmt.Sprintf("by-hand-%d", i))
		if err != nil {
			return err
		}
		byHand, waited = append(byHand, start), append(waited, end)
	}
	heading("a task in a container, without volumes (median / 90 %)")
	row("LAUNCH -> RUNNING in the executor (timestamps of its updates)", running.String(), "docker run -d: "+byHand.String())
	row("the engine's die event -> the terminal status' timestamp", ended.String(), "docker wait: "+waited.String())
	return d.memory(ctx)
}

// task runs a container to its end and returns what the executor needed to start
// it and to tell of its end.
func (d *docked) task(ctx context.Context, id string) (start, end time.Duration, err error) {
	labels := map[string]string{"flocker.image": cluster.Image}
	if err := d.cluster.Submit(ctx, cluster.Task{ID: id, Name: id, Command: "exec sleep 0.3", Labels: labels}); err != nil {
		return 0, 0, err
	}
	var at []mesos.TaskStatus
	for _, want := range []mesos.TaskState{mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_FINISHED} {
		status, err := state(ctx, d.cluster, id, want)
		if err != nil {
			return 0, 0, err
		}
		at = append(at, status)
	}
	died, err := d.died(ctx, "label", executordocker.LabelTask+"="+id)
	told := time.UnixMicro(int64(at[2].GetTimestamp() * 1e6))
	return between(at[0], at[1]), told.Sub(died), err
}

// hand does the same with Docker's own client.
func (d *docked) hand(ctx context.Context, name string) (start, end time.Duration, err error) {
	began := time.Now()
	if err := d.docker(ctx, "run", "-d", "--network", "host", "--name", name, cluster.Image, "sleep", "0.3"); err != nil {
		return 0, 0, err
	}
	start = time.Since(began)
	if err := d.docker(ctx, "wait", name); err != nil {
		return 0, 0, err
	}
	told := time.Now()
	died, err := d.died(ctx, "container", name)
	return start, told.Sub(died), errors.Join(err, d.docker(ctx, "rm", name))
}

func (d *docked) docker(ctx context.Context, args ...string) error {
	args = append([]string{"--host", "unix://" + d.engine.Socket}, args...)
	if out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("docker %v: %w: %s", args, err, out)
	}
	return nil
}

// died is when the engine saw the end of a container.
func (d *docked) died(ctx context.Context, filter, value string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	events := d.engine.API.Events(ctx, moby.EventsListOptions{
		Since: "0", Until: fmt.Sprint(time.Now().Unix() + 1),
		Filters: make(moby.Filters).Add("event", "die").Add(filter, value),
	})
	select {
	case m := <-events.Messages:
		return time.Unix(0, m.TimeNano), nil
	case err := <-events.Err:
		return time.Time{}, fmt.Errorf("the engine does not know of an end of %s: %w", value, err)
	}
}

// memory compares an executor and its keeper with a client that stays attached.
func (d *docked) memory(ctx context.Context) error {
	labels := map[string]string{"flocker.image": cluster.Image, "flocker.volume": "memory:/data:size=64MiB"}
	if err := d.cluster.Submit(ctx, cluster.Task{ID: "memory", Name: "memory", Command: "exec sleep 1000", Labels: labels}); err != nil {
		return err
	}
	if _, err := state(ctx, d.cluster, "memory", mesos.TASK_RUNNING); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	attached := exec.CommandContext(ctx, "docker", "--host", "unix://"+d.engine.Socket, "run", "--network", "host", cluster.Image, "sh", "-c", "echo runs; exec sleep 1000")
	out, err := attached.StdoutPipe()
	if err == nil {
		err = attached.Start()
	}
	if err != nil {
		return err
	}
	defer func() { _ = attached.Wait() }() // it was killed
	defer stop()
	if _, err := out.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("docker run: %w", err)
	}
	keeper := find(func(dir string) bool { return strings.HasPrefix(argv(dir), "flocker-keeper") })
	byHand := filepath.Join("/proc", fmt.Sprint(attached.Process.Pid))
	heading("memory while a container with a volume runs")
	fmt.Print(residence("executor", executorOf("memory"), ""), residence("keeper", keeper, ""), residence("docker run", byHand, ""))
	return nil
}
