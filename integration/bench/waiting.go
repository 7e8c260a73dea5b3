package main

import (
	"context"
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// waiting measures, on real filesystems and at the pace of a real service, how
// long a task waits for its volume below this executor, and how long a client
// that polls the same service would have kept it waiting.
func waiting(ctx context.Context, executor string, _ int) error {
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 2, Executor: executor, Realistic: true})
	if err != nil {
		return err
	}
	err = waits(ctx, c)
	if e := c.Close(); err == nil {
		err = e
	}
	return err
}

func waits(ctx context.Context, c *cluster.Minicluster) error {
	heading("a volume at the pace of a real service: from the request to the client's knowledge that it is there")
	const dataset = "waited-for"
	for i, kind := range []string{"new", "moved"} {
		took, err := waitsBelow(ctx, c, dataset, i)
		if err != nil {
			return err
		}
		row(fmt.Sprintf("%-6s %s, LAUNCH -> RUNNING", kind, ours), seconds(took), "")
	}
	for _, client := range clients()[1:] {
		for i, kind := range []string{"new", "moved"} {
			took, err := polls(ctx, c, client, i)
			if err != nil {
				return err
			}
			row(fmt.Sprintf("%-6s %s", kind, client.name), seconds(took), "")
		}
	}
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// waitsBelow runs a task with the dataset on the i-th node.
func waitsBelow(ctx context.Context, c *cluster.Minicluster, dataset string, i int) (time.Duration, error) {
	id := fmt.Sprintf("waits-%d", i)
	task := cluster.Task{ID: id, Name: id, Node: c.Nodes()[i].Name, Command: "true", Labels: map[string]string{"flocker.volume": dataset + ":data:size=64MiB"}}
	if err := c.Submit(ctx, task); err != nil {
		return 0, err
	}
	running, err := state(ctx, c, id, mesos.TASK_RUNNING)
	if err != nil {
		return 0, err
	}
	starting, err := state(ctx, c, id, mesos.TASK_STARTING)
	if err != nil {
		return 0, err
	}
	_, err = state(ctx, c, id, mesos.TASK_FINISHED)
	return between(starting, running), err
}

// polls has another client acquire a dataset of its own for the i-th node.
func polls(ctx context.Context, c *cluster.Minicluster, cl client, i int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	api, err := c.FlockerClient()
	if err != nil {
		return 0, err
	}
	defer api.Close()
	began := time.Now()
	err = cl.acquire(ctx, api, c.Service, flockertest.Node{UUID: c.Nodes()[i].Flocker}, "polled by "+cl.name)
	return time.Since(began), err
}
