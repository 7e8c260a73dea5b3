package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

type runCommand struct {
	clusterFlags
	Cluster string `type:"path" help:"Description of a running cluster, as minicluster up prints it. Default: start one for this task."`
	File    string `arg:"" type:"path" help:"Task description (JSON), see examples/counter, or Marathon app definition."`
}

// Run submits the task, or the Marathon app, to a cluster of its own if none is
// named, and follows it to its end.
// Ctrl-C kills the task and waits for its end.
func (r *runCommand) Run(ctx context.Context) error {
	if isApp(r.File) {
		return (&marathonCommand{runCommand: *r}).Run(ctx)
	}
	task, err := cluster.ReadTask(r.File)
	if err != nil {
		return err
	}
	if task.ID == "" {
		task.ID = task.Name + "-" + uuid.NewString()[:8]
	}
	return r.run(ctx, func(c cluster.Cluster) (string, error) { return task.ID, c.Submit(ctx, task) })
}

// run opens the cluster and follows the task that submit launches on it.
func (r *runCommand) run(ctx context.Context, submit func(cluster.Cluster) (taskID string, err error)) error {
	t := newTimeline(os.Stdout)
	defer t.close()
	s, err := r.begin(context.WithoutCancel(ctx), t)
	if err != nil {
		return err
	}
	id, err := submit(s.cluster)
	if err == nil {
		err = r.follow(ctx, s, id)
	}
	return errors.Join(err, s.end())
}

func (r *runCommand) begin(ctx context.Context, t *timeline) (*story, error) {
	if r.Cluster != "" {
		return watch(ctx, t, cluster.Options{}, func(o cluster.Options) (cluster.Cluster, error) {
			return cluster.Attach(ctx, r.Cluster, o)
		})
	}
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	return begin(ctx, t, options)
}

func (r *runCommand) follow(ctx context.Context, s *story, taskID string) error {
	printing, stop := context.WithCancel(ctx)
	defer stop()
	lines, err := s.output(printing, taskID)
	if err != nil {
		return err
	}
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for text := range lines {
			s.say("task", "  %s", text)
		}
	}()
	status, err := s.ended(ctx, taskID)
	if errors.Is(err, context.Canceled) {
		status, err = r.kill(context.WithoutCancel(ctx), s, taskID)
	}
	stop()
	<-printed
	if err != nil {
		return err
	}
	if status.GetState() != mesos.TASK_FINISHED {
		return fmt.Errorf("task %s ended as %s: %s", taskID, status.GetState(), status.GetMessage())
	}
	return nil
}

func (r *runCommand) kill(ctx context.Context, s *story, taskID string) (mesos.TaskStatus, error) {
	if err := s.cluster.Kill(ctx, taskID, nil); err != nil {
		return mesos.TaskStatus{}, err
	}
	return s.ended(ctx, taskID)
}
