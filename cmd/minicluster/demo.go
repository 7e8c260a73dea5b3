package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

type demoCommand struct {
	clusterFlags
	Quick bool   `help:"Let Flocker work at once, not at the pace of a real one."`
	Task  string `type:"path" help:"The counter's task description. Default: examples/counter/counter.json, with --docker examples/docker/counter.json."`
}

func (d *demoCommand) task() (cluster.Task, error) {
	switch {
	case d.Task != "":
		return cluster.ReadTask(d.Task)
	case d.Docker:
		return cluster.ReadTask("examples/docker/counter.json")
	}
	return cluster.ReadTask("examples/counter/counter.json")
}

// Run tells the story: the task counts on one node, is killed, goes on on the
// other node with its data, and finishes.
func (d *demoCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	task, err := d.task()
	if err != nil {
		return err
	}
	options, err := d.options()
	if err != nil {
		return err
	}
	options.Realistic = !d.Quick
	t := newTimeline(os.Stdout)
	defer t.close()
	t.heading("a Mesos master, two nodes, and Flocker, which moves volumes between them")
	s, err := begin(ctx, t, options)
	if err != nil {
		return err
	}
	err = d.tell(ctx, s, task)
	t.heading("taking the cluster down")
	err = errors.Join(err, s.end())
	if err == nil {
		t.say("", "done")
	}
	return err
}

func (d *demoCommand) tell(ctx context.Context, s *story, task cluster.Task) error {
	nodes := s.cluster.Nodes()
	for _, n := range nodes {
		s.say(n.Name, "is up")
	}
	s.say("", "datasets are %s", s.cluster.Backend())
	s.heading("the task counts on " + nodes[0].Name + ", in a file on its volume")
	if _, err := d.act(ctx, s, task, "counter-1", nodes[0].Name, 8); err != nil {
		return err
	}
	s.heading("the task is killed")
	if err := s.cluster.Kill(ctx, "counter-1", nil); err != nil {
		return err
	}
	if err := d.ends(ctx, s, "counter-1", mesos.TASK_KILLED); err != nil {
		return err
	}
	s.heading("the same task on " + nodes[1].Name + ": the volume follows, the count goes on")
	task.Environment["COUNT_TO"] = "16"
	first, err := d.act(ctx, s, task, "counter-2", nodes[1].Name, 16)
	if err != nil {
		return err
	}
	if first < 9 {
		return fmt.Errorf("the count began at %d again: the data did not follow", first)
	}
	return d.ends(ctx, s, "counter-2", mesos.TASK_FINISHED)
}

// act submits the task to a node and prints its output up to a count.
func (d *demoCommand) act(ctx context.Context, s *story, task cluster.Task, id, node string, target int) (int, error) {
	task.ID, task.Node = id, node
	s.say("framework", "submits task %s to %s with the label flocker.volume=%s", id, node, task.Labels["flocker.volume"])
	if err := s.cluster.Submit(ctx, task); err != nil {
		return 0, err
	}
	return s.countTo(ctx, node, id, target)
}

func (d *demoCommand) ends(ctx context.Context, s *story, id string, want mesos.TaskState) error {
	status, err := s.ended(ctx, id)
	if err != nil {
		return err
	}
	if status.GetState() != want {
		return fmt.Errorf("task %s ended as %s (%s), not as %s", id, status.GetState(), status.GetMessage(), want)
	}
	return nil
}
