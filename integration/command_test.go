package integration_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// Every place a command may come from, and its exit code.
func TestCommandSources(t *testing.T) {
	c := shared(t)
	t.Parallel()
	for name, tc := range map[string]struct {
		task cluster.Task
		says string
	}{
		"data":  {cluster.Task{Data: `{"cmd": "exit 3"}`}, "status 3"},
		"label": {cluster.Task{Command: "exit 4", Data: `{"cmd": "exit 3"}`}, "status 4"},
		"argv":  {cluster.Task{Arguments: []string{"--", "/bin/sh", "-c", "exit $1", "sh", "5"}}, "status 5"},
		"words": {cluster.Task{Arguments: []string{"--lease=1m", "exit 6"}}, "status 6"},
		"none":  {cluster.Task{Arguments: []string{"--", "/no/such/program", "x"}}, "/no/such/program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.task.ID, tc.task.Name = "command-"+name, "command"
			submit(t, c, tc.task)
			says(t, reaches(t, c, tc.task.ID, mesos.TASK_FAILED), tc.says)
			noProcess(t, c, tc.task.ID)
		})
	}
}

// The task has the sandbox's stdout and stderr, and none of the executor's
// settings, tokens and keys, not even by looking at its parents.
func TestTaskEnvironment(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Nodes: 1, Tokens: true})
	task := volumeTask("environment", "", "environment", `env; cat /proc/*/environ 2>/dev/null | tr '\0' '\n'; echo fault >&2`)
	task.Environment = map[string]string{
		"MINE": "kept", "FLOCKER_EXECUTOR_LOG_LEVEL": "debug", "LIBPROCESS_SSL_KEY_FILE": "/very-secret/key",
	}
	got := finishes(t, c, task)
	for _, secret := range []string{"FLOCKER_EXECUTOR_", "FLOCKER_CONTROL_SERVICE_", "MESOS_EXECUTOR_AUTHENTICATION_TOKEN", "very-secret", "LIBPROCESS_SSL_"} {
		if strings.Contains(got, secret) {
			t.Errorf("the task can read %s", secret)
		}
	}
	for _, kept := range []string{"MINE=kept\n", "MESOS_SANDBOX=/", "PATH="} {
		if !strings.Contains(got, kept) {
			t.Errorf("the task's environment has no %s", kept)
		}
	}
	log, err := output(c, "environment", "stderr")
	if err != nil || !strings.Contains(log, "\nfault\n") || strings.Contains(log, "very-secret") {
		t.Errorf("stderr (%v): %s", err, log)
	}
	gone(t, c, "environment")
}

// The executor's binary can come over http.
func TestExecutorFetchedByHTTP(t *testing.T) {
	c := shared(t)
	t.Parallel()
	server := httptest.NewServer(http.FileServer(http.Dir(binaries.dir)))
	defer server.Close()
	task := volumeTask("fetched", "", "fetched", "echo fetched > data/log; cat data/log")
	task.Executor = server.URL + "/flocker-executor"
	if got := finishes(t, c, task); got != "fetched\n" {
		t.Errorf("the task said %q", got)
	}
	gone(t, c, "fetched")
}
