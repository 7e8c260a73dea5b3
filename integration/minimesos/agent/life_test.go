package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

func TestLifeOfATask(t *testing.T) {
	for _, row := range []struct {
		name, isolation string
		codec           wire.Codec
		checkpoint      bool
	}{
		{"posix, JSON", "posix", wire.JSON, false},
		{"posix, protobuf, checkpoint", "posix", wire.Protobuf, true},
		{"linux, JSON, checkpoint", "linux", wire.JSON, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, func(c *agent.Config) { c.Isolation = row.isolation })
			r.launch(frameworkInfo(row.checkpoint), executorInfo(waiting), true, "t1")
			sandbox := r.sandbox("e1")
			x := r.api(row.codec)
			s := x.subscribe(wireexec.Call_Subscribe{})
			hello := s.next(wireexec.Event_SUBSCRIBED).Subscribed
			if got := hello.ContainerID.GetValue(); got != filepath.Base(sandbox) {
				t.Errorf("container id %s, sandbox %s", got, sandbox)
			}
			if got := s.next(wireexec.Event_LAUNCH).Launch.Task.TaskID.Value; got != "t1" {
				t.Errorf("launched %s", got)
			}
			for _, state := range []mesos.TaskState{mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_FINISHED} {
				s.acknowledged(x.update(newStatus("t1", state)))
				got := r.update(state, true)
				if got.ContainerStatus.GetContainerID().GetValue() != filepath.Base(sandbox) || got.ContainerStatus.GetExecutorPID() == 0 ||
					got.ContainerStatus.NetworkInfos[0].IPAddresses[0].GetIPAddress() != "127.0.0.1" || got.GetTimestamp() == 0 {
					t.Errorf("status %+v", got)
				}
			}
			r.end(sandbox, "3")
			r.failure(3 << 8)
			s.ended(true)
			if pids := left(t, r.config.WorkDir); len(pids) > 0 {
				t.Errorf("processes %v are left", pids)
			}
			if status, text := x.call(update(newStatus("t1", mesos.TASK_RUNNING))); status != 400 || text != "Framework cannot be found" {
				t.Errorf("afterwards: %d %s", status, text)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	r := newRig(t, func(c *agent.Config) {
		c.Env = map[string]string{"FOO": "operator", "BAR": "operator", "LIBPROCESS_PORT": "operator", "LIBPROCESS_IP": "127.0.0.2"}
	})
	t.Setenv("INHERITED", "no")
	info := executorInfo(waiting)
	value := "executor"
	info.Command.Environment = &mesos.Environment{Variables: []mesos.Environment_Variable{{Name: "FOO", Value: &value}}}
	info.ShutdownGracePeriod = &mesos.DurationInfo{Nanoseconds: 4500e6}
	r.launch(frameworkInfo(true), info, true, "t1")
	sandbox := r.sandbox("e1")
	text, err := os.ReadFile(filepath.Join(sandbox, "environment"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"BAR=operator", "FOO=executor", "LIBPROCESS_IP=127.0.0.2", "LIBPROCESS_PORT=0", "MESOS_AGENT_ENDPOINT=" + r.address,
		"MESOS_CHECKPOINT=1", "MESOS_DIRECTORY=" + sandbox, "MESOS_EXECUTOR_ID=e1", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=4500ms",
		"MESOS_FRAMEWORK_ID=f1", "MESOS_HTTP_COMMAND_EXECUTOR=0", "MESOS_RECOVERY_TIMEOUT=15mins", "MESOS_SANDBOX=" + sandbox,
		"MESOS_SLAVE_ID=master-S0", "MESOS_SLAVE_PID=slave(1)@" + r.address, "MESOS_SUBSCRIPTION_BACKOFF_MAX=500ms",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PWD=" + sandbox, // PWD is the shell's
	}
	if got := strings.TrimSpace(string(text)); got != strings.Join(want, "\n") {
		t.Errorf("environment:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}
