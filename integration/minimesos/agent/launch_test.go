package agent_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

func TestLaunchFailures(t *testing.T) {
	text := func(s string) *string { return &s }
	uri := func(value, output string) func(*mesos.ExecutorInfo) {
		return func(e *mesos.ExecutorInfo) {
			u := mesos.CommandInfo_URI{Value: value}
			if output != "" {
				u.OutputFile = &output
			}
			e.Command.URIs = []mesos.CommandInfo_URI{u}
		}
	}
	no := false
	terminated, failed := mesos.REASON_EXECUTOR_TERMINATED, mesos.REASON_CONTAINER_LAUNCH_FAILED
	const fetching = "Failed to launch container: Failed to fetch all URIs for container '*': exited with status 1"
	for _, row := range []struct {
		name    string
		change  func(*mesos.ExecutorInfo)
		failure int32
		state   mesos.TaskState
		reason  mesos.TaskStatus_Reason
		message string
	}{
		{"connection refused", uri("http://127.0.0.1:1/x", ""), 256, mesos.TASK_FAILED, failed, fetching},
		{"no such file", uri("file:///no/such/file", ""), 256, mesos.TASK_FAILED, failed, fetching},
		{"unknown scheme", uri("nope://host/x", ""), 256, mesos.TASK_FAILED, failed, fetching},
		{
			"absolute output file", uri("file:///etc/passwd", "/x"), 9, mesos.TASK_FAILED, failed,
			"Failed to launch container: Could not fetch: URI output file must be within the sandbox directory",
		},
		{
			"no program", func(e *mesos.ExecutorInfo) { e.Command.Shell, e.Command.Value = &no, text("/no/such/program") },
			256256, mesos.TASK_FAILED, terminated, "Executor terminated",
		},
		{
			"no program in the shell", func(e *mesos.ExecutorInfo) { e.Command.Value = text("/no/such/program") },
			32512, mesos.TASK_FAILED, terminated, "Executor terminated",
		},
		{
			"exit before SUBSCRIBE", func(e *mesos.ExecutorInfo) { e.Command.Value = text("exit 7") },
			7 << 8, mesos.TASK_FAILED, terminated, "Executor terminated",
		},
		{
			"unknown user", func(e *mesos.ExecutorInfo) { e.Command.User = text("no-such-user") }, -1, mesos.TASK_DROPPED, terminated,
			"Failed to create executor directory '*': Failed to chown directory to 'no-such-user': No such user 'no-such-user'",
		},
		{
			"docker executor", func(e *mesos.ExecutorInfo) {
				e.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum()}
			},
			-1, mesos.TASK_FAILED, terminated, "Abnormal executor termination: unknown container",
		},
		{
			"never subscribes", func(*mesos.ExecutorInfo) {}, 9, mesos.TASK_FAILED, mesos.REASON_EXECUTOR_REGISTRATION_TIMEOUT,
			"Executor did not register within 700ms",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, func(c *agent.Config) { c.RegistrationTimeout = 700 * time.Millisecond })
			e := executorInfo(waiting)
			row.change(&e)
			r.launch(frameworkInfo(false), e, true, "t1")
			r.failure(row.failure)
			got := r.update(row.state, true)
			before, after, _ := strings.Cut(row.message, "*")
			if !strings.HasPrefix(got.GetMessage(), before) || !strings.HasSuffix(got.GetMessage(), after) || got.GetReason() != row.reason {
				t.Errorf("%v %q, want %v %q", got.GetReason(), got.GetMessage(), row.reason, row.message)
			}
			if got.GetSource() != mesos.SOURCE_AGENT || got.ExecutorID.GetValue() != "e1" || got.ContainerStatus != nil {
				t.Errorf("status %+v", got)
			}
			r.until("the container's directory is gone", func() bool {
				dirs, err := filepath.Glob(filepath.Join(r.config.RuntimeDir, "containers/*"))
				return err == nil && len(dirs) == 0
			})
		})
	}
}

func TestLimitsNeedCgroups(t *testing.T) {
	for _, isolation := range []string{"posix", "linux"} {
		r := newRig(t, func(c *agent.Config) { c.Isolation = isolation })
		e := executorInfo("exit 0")
		task := taskInfo("t1", e)
		task.Limits = map[string]mesos.Value_Scalar{"cpus": {Value: 1}}
		r.launchTask(frameworkInfo(false), e, task)
		if isolation == "linux" {
			r.failure(0)
			continue
		}
		got := r.update(mesos.TASK_DROPPED, true)
		if got.GetReason() != mesos.REASON_GC_ERROR || got.ExecutorID != nil || !strings.HasPrefix(got.GetMessage(), "CPU limits can only be set") {
			t.Errorf("status %+v", got)
		}
	}
}

func TestFetchedExecutor(t *testing.T) {
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/run.sh" {
			http.NotFound(w, r)
			return
		}
		if _, err := w.Write([]byte("#!/bin/sh\nid -un > user\ntouch started\nexit 5\n")); err != nil {
			t.Error(err)
		}
	}))
	defer files.Close()
	r := newRig(t, nil)
	// The test's own temporary folder is root's alone; the user has to pass.
	for dir := r.config.WorkDir; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	e := executorInfo("./run.sh")
	yes, nobody := true, "nobody"
	e.Command.URIs = []mesos.CommandInfo_URI{{Value: files.URL + "/run.sh", Executable: &yes}}
	e.Command.User = &nobody
	r.launch(frameworkInfo(false), e, true, "t1")
	r.failure(5 << 8)
	r.update(mesos.TASK_FAILED, true)
	text, err := os.ReadFile(filepath.Join(r.sandbox("e1"), "user"))
	if err != nil || string(text) != "nobody\n" {
		t.Errorf("ran as %q, %v", text, err)
	}
}
