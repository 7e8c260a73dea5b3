package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// story is a cluster with a timeline of what happens on it.
type story struct {
	*timeline
	cluster cluster.Cluster
	watched chan struct{} // closed when the watch of the datasets has ended
	cancel  context.CancelFunc
}

// begin starts a cluster; end must be called.
func begin(ctx context.Context, t *timeline, o cluster.Options) (*story, error) {
	return watch(ctx, t, o, func(o cluster.Options) (cluster.Cluster, error) { return cluster.Start(ctx, o) })
}

// watch opens a cluster and prints its statuses and datasets until end.
func watch(ctx context.Context, t *timeline, o cluster.Options, open func(cluster.Options) (cluster.Cluster, error)) (*story, error) {
	o.OnStatus = t.status
	c, err := open(o)
	if err != nil {
		return nil, err
	}
	watch, cancel := context.WithCancel(ctx)
	s := &story{timeline: t, cluster: c, watched: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(s.watched)
		t.datasets(watch, c)
	}()
	return s, nil
}

func (s *story) end() error {
	s.cancel()
	<-s.watched
	return s.cluster.Close()
}

// output sends the lines of a task's stdout until ctx ends. It waits for the
// task to run first.
func (s *story) output(ctx context.Context, taskID string) (<-chan string, error) {
	status, err := s.cluster.Wait(ctx, taskID, func(st mesos.TaskStatus) bool {
		return st.GetState() == mesos.TASK_RUNNING || framework.Terminal(st.GetState())
	})
	if err != nil {
		return nil, err
	}
	if status.GetState() != mesos.TASK_RUNNING {
		return nil, fmt.Errorf("task %s ended before it ran: %s", taskID, status.GetMessage())
	}
	sandbox, err := s.cluster.Sandbox(ctx, taskID)
	if err != nil {
		return nil, err
	}
	lines := make(chan string)
	go follow(ctx, filepath.Join(sandbox, "stdout"), lines)
	return lines, nil
}

// ended waits for the task's terminal status.
func (s *story) ended(ctx context.Context, taskID string) (mesos.TaskStatus, error) {
	return s.cluster.Wait(ctx, taskID, func(st mesos.TaskStatus) bool { return framework.Terminal(st.GetState()) })
}

// countTo prints the task's lines until it has counted this far, and returns
// the first number it counted.
func (s *story) countTo(ctx context.Context, node, taskID string, target int) (first int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	lines, err := s.output(ctx, taskID)
	if err != nil {
		return 0, err
	}
	defer func() {
		cancel()
		for range lines { // let follow end
		}
	}()
	for text := range lines {
		s.say(node, "  %s", text)
		n := 0
		if _, err := fmt.Sscanf(text, "count %d", &n); err != nil || !strings.HasPrefix(text, "count ") {
			continue
		}
		if first == 0 {
			first = n
		}
		if n >= target {
			return first, nil
		}
	}
	if err := context.Cause(ctx); err != nil {
		return first, fmt.Errorf("task %s has not counted to %d yet: %w", taskID, target, err)
	}
	return first, fmt.Errorf("task %s never counted to %d", taskID, target)
}
