package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// rig is a master, an agent, and what the test launched there.
type rig struct {
	*scriptedMaster
	config  agent.Config
	address string
	process *exec.Cmd // nil when the agent runs in the test itself
}

// newRig starts an agent inside the test. change may alter its configuration.
func newRig(t *testing.T, change func(*agent.Config)) *rig {
	t.Helper()
	r := configured(t, change)
	ready := make(chan string, 1)
	r.config.Ready = func(address string) { ready <- address }
	r.config.Log = zaptest.NewLogger(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- agent.Run(ctx, r.config) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("agent: %v", err)
		}
		killLeft(t, r.config.WorkDir)
	})
	select {
	case r.address = <-ready:
	case err := <-done:
		done <- err
		t.Fatalf("agent: %v", err)
	}
	r.awaitRegistration()
	return r
}

func configured(t *testing.T, change func(*agent.Config)) *rig {
	dir := t.TempDir()
	r := &rig{scriptedMaster: newMaster(t)}
	r.config = agent.Config{
		Master: r.server.URL, WorkDir: filepath.Join(dir, "work"), RuntimeDir: filepath.Join(dir, "run"),
		RegisterBackoff: 20 * time.Millisecond, ReregistrationTimeout: 500 * time.Millisecond,
	}
	if change != nil {
		change(&r.config)
	}
	return r
}

// newProcessRig starts an agent as a process, which the test may kill.
func newProcessRig(t *testing.T, change func(*agent.Config)) *rig {
	t.Helper()
	r := configured(t, change)
	r.config.ReadyFile = filepath.Join(t.TempDir(), "ready")
	r.startProcess()
	t.Cleanup(func() {
		r.kill(syscall.SIGKILL)
		killLeft(t, r.config.WorkDir)
	})
	r.awaitRegistration()
	return r
}

func (r *rig) startProcess() {
	r.t.Helper()
	text, err := json.Marshal(r.config)
	if err != nil {
		r.t.Fatal(err)
	}
	r.process = exec.Command("/proc/self/exe")
	r.process.Env = append(os.Environ(), agentVariable+"="+string(text))
	r.process.Stderr = os.Stderr
	if err := r.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.until("the agent listens", func() bool {
		address, err := os.ReadFile(r.config.ReadyFile)
		r.address = strings.TrimSpace(string(address))
		return err == nil
	})
}

// kill ends the agent's process with a signal and waits for its end.
func (r *rig) kill(s syscall.Signal) {
	if r.process == nil {
		return
	}
	if err := r.process.Process.Signal(s); err != nil {
		r.t.Error(err)
	}
	_ = r.process.Wait() // killed, or ended by the signal
	r.process = nil
	if err := os.Remove(r.config.ReadyFile); err != nil {
		r.t.Error(err)
	}
}

// restart starts a process again, on the port it had.
func (r *rig) restart() {
	r.t.Helper()
	port := r.address[strings.LastIndexByte(r.address, ':')+1:]
	r.config.Port = atoi(r.t, port)
	r.startProcess()
}

// until polls for what nothing signals.
func (m *scriptedMaster) until(what string, done func() bool) {
	m.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			m.t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// frameworkInfo is what the tests' framework says of itself.
func frameworkInfo(checkpoint bool) mesos.FrameworkInfo {
	return mesos.FrameworkInfo{
		ID: &mesos.FrameworkID{Value: "f1"}, User: "root", Name: "framework", Checkpoint: &checkpoint,
		Capabilities: []mesos.FrameworkInfo_Capability{{Type: mesos.FrameworkInfo_Capability_PARTITION_AWARE}},
	}
}

// waiting is an executor's command that ends when the test writes its exit
// status into a file.
const waiting = `env | sort > environment; echo $$ > pid; touch started; while [ ! -e exit ]; do sleep 0.01; done; exit $(cat exit)`

func executorInfo(command string) mesos.ExecutorInfo {
	return mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM, ExecutorID: mesos.ExecutorID{Value: "e1"}, FrameworkID: &mesos.FrameworkID{Value: "f1"},
		Command: &mesos.CommandInfo{Value: &command},
	}
}

func taskInfo(id string, e mesos.ExecutorInfo) mesos.TaskInfo {
	return mesos.TaskInfo{
		Name: id, TaskID: mesos.TaskID{Value: id}, AgentID: mesos.AgentID{Value: "master-S0"}, Executor: &e,
		Resources: []mesos.Resource{{Name: "cpus", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 0.5}}},
	}
}

// launch sends one Run.
func (r *rig) launch(f mesos.FrameworkInfo, e mesos.ExecutorInfo, first bool, tasks ...string) {
	r.t.Helper()
	run := link.Run{
		FrameworkInfo: protobuf(r.t, &f), ExecutorInfo: protobuf(r.t, &e), LaunchExecutor: first, Group: len(tasks) > 1,
	}
	for _, id := range tasks {
		info := taskInfo(id, e)
		run.Tasks = append(run.Tasks, protobuf(r.t, &info))
	}
	r.commands <- link.Command{Run: &run}
}

// sandbox waits until the executor runs and returns where.
func (r *rig) sandbox(executor string) string {
	r.t.Helper()
	path := filepath.Join(r.config.WorkDir, "slaves/master-S0/frameworks/f1/executors", executor, "runs/latest")
	r.until("executor "+executor+" starts", func() bool {
		_, err := os.Stat(filepath.Join(path, "started"))
		return err == nil
	})
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		r.t.Fatal(err)
	}
	return real
}

// end lets an executor exit.
func (r *rig) end(sandbox string, status string) {
	r.t.Helper()
	temp := filepath.Join(sandbox, "exit.tmp")
	if err := os.WriteFile(temp, []byte(status), 0o644); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(temp, filepath.Join(sandbox, "exit")); err != nil {
		r.t.Fatal(err)
	}
}

// left lists the processes that work below dir.
func left(t *testing.T, dir string) []int {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, l := range links {
		if cwd, err := os.Readlink(l); err == nil && strings.HasPrefix(cwd, dir) {
			pids = append(pids, atoi(t, filepath.Base(filepath.Dir(l))))
		}
	}
	return pids
}

// killLeft is for tests that end with an executor running.
func killLeft(t *testing.T, dir string) {
	for _, pid := range left(t, dir) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	}
}

// launchTask sends one Run of one task as it is.
func (r *rig) launchTask(f mesos.FrameworkInfo, e mesos.ExecutorInfo, task mesos.TaskInfo) {
	r.t.Helper()
	r.commands <- link.Command{Run: &link.Run{
		FrameworkInfo: protobuf(r.t, &f), ExecutorInfo: protobuf(r.t, &e), LaunchExecutor: true, Tasks: [][]byte{protobuf(r.t, &task)},
	}}
}
