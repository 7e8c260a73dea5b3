package guard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// executor makes the test program behave like an executor: it pins the dataset,
// starts the guard and the task it describes, and stays until it is told to
// stop or killed.
const executor = "GUARD_TEST_EXECUTOR"

type executorPlan struct{ Dataset, Sandbox, Path, Script string }

func TestMain(m *testing.M) {
	if plan := os.Getenv(executor); plan != "" {
		if err := execute(plan); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(mountstest.Main(m))
}

func execute(plan string) error {
	var p executorPlan
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		return err
	}
	ctx := context.Background()
	g, err := guard.Launch(ctx, p.Sandbox)
	if err != nil {
		return err
	}
	if _, found, err := mounts.Find(p.Dataset); err == nil && !found {
		fmt.Println("waiting", g.Identity().Pid)
	}
	m, err := mounts.Wait(ctx, p.Dataset)
	if err != nil {
		return err
	}
	pin, err := mounts.Pin(m)
	if err != nil {
		return err
	}
	if err := g.Bind(ctx, guard.Config{
		Binds: []guard.Bind{{Source: m.Point, Device: m.Device, Path: p.Path}},
		Roots: []string{m.Root},
		Keep:  []*os.File{pin},
	}); err != nil {
		return err
	}
	if err := g.Run(ctx, guard.Task{Argv: []string{"sh", "-c", p.Script}, Env: os.Environ(), Dir: p.Sandbox}); err != nil {
		return err
	}
	fmt.Println("running", g.Identity().PIDNamespace)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return g.Stop(ctx)
}

// executorVariable is the environment variable that makes one.
func (w *world) executorVariable(t *testing.T, script string) string {
	t.Helper()
	plan, err := json.Marshal(executorPlan{Dataset: w.dataset.ID, Sandbox: w.sandbox, Path: "data", Script: script})
	if err != nil {
		t.Fatal(err)
	}
	return string(plan)
}

// startExecutor starts one in a mount namespace made with the given flags.
func (w *world) startExecutor(t *testing.T, flags []string, script string) (space *mountstest.Space, pidNamespace uint64) {
	t.Helper()
	t.Setenv(executor, w.executorVariable(t, script))
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	space = mountstest.Unshare(t, flags, program)
	if _, err := fmt.Sscanf(space.Line(), "running %d", &pidNamespace); err != nil {
		t.Fatal(space.Line())
	}
	return space, pidNamespace
}

// runExecutor runs one from start to stop.
func (w *world) runExecutor(t *testing.T, env ...string) error {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(append(os.Environ(), executor+"="+w.executorVariable(t, "sleep 1000")), env...)
	return cmd.Run()
}
