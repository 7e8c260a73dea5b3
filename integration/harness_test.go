package integration_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// theOracle watches every cluster that a test starts.
var theOracle *oracle

// binaries are the executors the tests launch, built once.
var binaries struct{ dir, race, failpoint string }

func TestMain(m *testing.M) {
	if cluster.Init() {
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "flocker-executor-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// An executor that is not root's has to get there.
	if err := os.Chmod(dir, 0o711); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binaries.dir = dir
	binaries.race = filepath.Join(dir, "flocker-executor")
	binaries.failpoint = filepath.Join(dir, "flocker-executor-failpoint")
	for _, build := range [][]string{ // without HTTP/2, as what is shipped
		{"build", "-race", "-tags", "nethttpomithttp2", "-o", binaries.race, "../cmd/flocker-executor"},
		{"build", "-tags", "failpoint,nethttpomithttp2", "-o", binaries.failpoint, "../cmd/flocker-executor"},
	} {
		if out, err := exec.Command("go", build...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go %v: %v\n%s", build, err, out)
			return 1
		}
	}
	// Tests mostly wait; the default is one for each core.
	if err := flag.Set("test.parallel", parallel()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	theOracle = startOracle(dir)
	defer theOracle.stop()
	code := m.Run()
	for _, problem := range closeCommon() {
		fmt.Fprintln(os.Stderr, "common cluster:", problem)
		code = 1
	}
	return code
}

// deadline bounds every wait of a test.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// submit launches a task and makes sure it is over when the test is.
func submit(t *testing.T, c cluster.Cluster, task cluster.Task) {
	t.Helper()
	if task.ID == "" {
		task.ID = strings.ReplaceAll(t.Name(), "/", ".") + "." + task.Name
	}
	if err := c.Submit(deadline(t), task); err != nil {
		t.Fatal(err)
	}
}

// reaches waits for a task's first status of one of these states. Ending in
// another one fails the test.
func reaches(t *testing.T, c cluster.Cluster, id string, states ...mesos.TaskState) mesos.TaskStatus {
	t.Helper()
	status, err := c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool {
		return is(s, states) || framework.Terminal(s.GetState())
	})
	if err != nil {
		t.Fatal(err)
	}
	if !is(status, states) {
		t.Fatalf("task %s is %s (%s), want %v%s", id, status.GetState(), status.GetMessage(), states, stderr(c, id))
	}
	return status
}

func is(s mesos.TaskStatus, states []mesos.TaskState) bool {
	for _, state := range states {
		if s.GetState() == state {
			return true
		}
	}
	return false
}

// stderr is the end of the sandbox's stderr, for messages.
func stderr(c cluster.Cluster, id string) string {
	text, err := output(c, id, "stderr")
	if err != nil {
		return "\n(no stderr: " + err.Error() + ")"
	}
	if len(text) > 4000 {
		text = text[len(text)-4000:]
	}
	return "\nstderr:\n" + text
}

func output(c cluster.Cluster, id, file string) (string, error) {
	sandbox, err := c.Sandbox(context.Background(), id)
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(filepath.Join(sandbox, file))
	return string(data), err
}

// printed waits until the task's stdout holds the text, and returns stdout.
func printed(t *testing.T, c cluster.Cluster, id, text string) string {
	t.Helper()
	var got string
	eventually(t, fmt.Sprintf("task %s prints %q", id, text), func() error {
		var err error
		got, err = output(c, id, "stdout")
		if err == nil && !strings.Contains(got, text) {
			err = fmt.Errorf("stdout is %q%s", got, stderr(c, id))
		}
		return err
	})
	return got
}

// eventually asks again until ok returns nil; nothing in the outside world
// signals these conditions.
func eventually(t *testing.T, what string, ok func() error) {
	t.Helper()
	within(t, 30*time.Second, what, ok)
}

func within(t *testing.T, limit time.Duration, what string, ok func() error) {
	t.Helper()
	over := time.After(limit)
	for pause := 10 * time.Millisecond; ; pause = min(pause*3/2, 100*time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-over:
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		}
	}
}
