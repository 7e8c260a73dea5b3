package integration_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// says asserts that a status tells a person everything of this.
func says(t *testing.T, s mesos.TaskStatus, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(s.GetMessage(), want) {
			t.Errorf("message %q does not say %q", s.GetMessage(), want)
		}
	}
}

// volumeTask runs a command with one volume of 64 MiB at data, or with the
// options given, which say so themselves.
func volumeTask(id, node, dataset, command string, options ...string) cluster.Task {
	o := "size=64MiB"
	if len(options) > 0 {
		o = strings.Join(options, ",")
	}
	return cluster.Task{ID: id, Name: id, Node: node, Command: command, Labels: label(dataset + ":data:" + o)}
}

// finishes submits a task, waits for its success, and returns its stdout.
func finishes(t *testing.T, c cluster.Cluster, task cluster.Task) string {
	t.Helper()
	submit(t, c, task)
	reaches(t, c, task.ID, mesos.TASK_FINISHED)
	text, err := output(c, task.ID, "stdout")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// refused submits a task that must fail without ever having run.
func refused(t *testing.T, c cluster.Cluster, task cluster.Task, says ...string) mesos.TaskStatus {
	t.Helper()
	submit(t, c, task)
	status := reaches(t, c, task.ID, mesos.TASK_FAILED)
	for _, want := range says {
		if !strings.Contains(status.GetMessage(), want) {
			t.Errorf("message %q does not say %q", status.GetMessage(), want)
		}
	}
	all, err := c.Statuses(deadline(t), task.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.GetState() == mesos.TASK_RUNNING {
			t.Errorf("the task ran")
		}
	}
	noProcess(t, c, task.ID)
	return status
}
