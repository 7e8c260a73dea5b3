package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// exampleFramework is one run of the example framework.
type exampleFramework struct {
	cmd *exec.Cmd
	out string // file of what it prints
}

// notesCommand counts how often it was started, and goes on counting.
const notesCommand = `echo start >> data/starts; sync data/starts; echo "start $(grep -c start data/starts)"; n=0; while sleep 0.1; do n=$((n+1)); echo "count $n"; done`

// exampleProgram is built once.
var exampleProgram = sync.OnceValues(func() (string, error) {
	program := filepath.Join(binaries.dir, "example-framework")
	if out, err := exec.Command("go", "build", "-race", "-o", program, "../examples/framework").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
})

// startExample starts the program once more, with what it remembers in the
// cluster's folder; each run prints to a file of its own.
func startExample(t *testing.T, c *cluster.Minicluster, more ...string) *exampleFramework {
	t.Helper()
	program, err := exampleProgram()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	args := append([]string{
		"--master", c.Description.Master, "--memory", filepath.Join(c.Dir(), "framework.json"), "--executor", binaries.race,
		"--volume", "framework-notes:data:size=64MiB", "--command", notesCommand, "--backoff", "100ms",
	}, more...)
	f := &exampleFramework{cmd: exec.Command(program, args...), out: out.Name()}
	f.cmd.Stdout, f.cmd.Stderr = out, out
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.end(syscall.SIGKILL) })
	return f
}

// end signals the program and waits for its end.
func (f *exampleFramework) end(s syscall.Signal) error {
	if f.cmd.ProcessState != nil {
		return nil
	}
	_ = f.cmd.Process.Signal(s)
	return f.cmd.Wait()
}

// says waits for a line with these parts, and returns it.
func (f *exampleFramework) says(t *testing.T, parts ...string) (line string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the framework says %q", parts), func() error {
		text, err := os.ReadFile(f.out)
		if err != nil {
			return err
		}
		var found bool
		if line, found = lineWith(text, parts); !found {
			return fmt.Errorf("it says:\n%s", text)
		}
		return nil
	})
	return line
}

func lineWith(text []byte, parts []string) (string, bool) {
	for line := range bytes.Lines(text) {
		all := true
		for _, p := range parts {
			all = all && bytes.Contains(line, []byte(p))
		}
		if all {
			return strings.TrimSpace(string(line)), true
		}
	}
	return "", false
}

// sandboxesOf lists where the executors of this id have run.
func sandboxesOf(c cluster.Cluster, executor string) []string {
	found, _ := filepath.Glob(filepath.Join(c.Dir(), "*", "mesos", "work", "slaves", "*", "frameworks", "*", "executors", executor, "runs", "latest"))
	return found
}

// prints waits for a line in the stdout of the executor's only sandbox.
func prints(t *testing.T, c cluster.Cluster, executor, line string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s prints %q", executor, line), func() error {
		sandboxes := sandboxesOf(c, executor)
		if len(sandboxes) != 1 {
			return fmt.Errorf("its sandboxes are %v", sandboxes)
		}
		text, err := os.ReadFile(filepath.Join(sandboxes[0], "stdout"))
		if err == nil && !strings.Contains(string(text), line+"\n") {
			err = fmt.Errorf("it printed %q", text)
		}
		return err
	})
}

func after(line, word string) string {
	_, rest, _ := strings.Cut(line, word+" ")
	return strings.TrimSpace(rest)
}

// startNotes starts the framework and sees its service run. It returns the
// framework's id and the service's node.
func startNotes(t *testing.T, c *cluster.Minicluster, more ...string) (f *exampleFramework, id, home string) {
	t.Helper()
	f = startExample(t, c, more...)
	id = after(f.says(t, "subscribed as framework"), "framework")
	home = after(f.says(t, "launching notes.1 on"), "on")
	f.says(t, "notes.1", "TASK_RUNNING")
	prints(t, c, "notes.1", "start 1")
	return f, id, home
}

// countsOn: the task has not been started again, and runs.
func countsOn(t *testing.T, c cluster.Cluster, executor string) {
	t.Helper()
	prints(t, c, executor, fmt.Sprintf("count %d", counted(t, c, executor)+3))
}

// The example framework outlives its own death: same id, same task. It leaves
// the task alone when it is ended in order, unless it is told otherwise.
func TestExamplesFramework(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{})
	first, id, _ := startNotes(t, c)
	_ = first.end(syscall.SIGKILL)
	countsOn(t, c, "notes.1")

	second := startExample(t, c)
	second.says(t, "subscribed as framework "+id)
	second.says(t, "notes.1", "TASK_RUNNING", "RECONCILIATION")
	if err := second.end(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	countsOn(t, c, "notes.1")

	last := startExample(t, c, "--teardown")
	last.says(t, "notes.1", "TASK_RUNNING", "RECONCILIATION")
	if err := last.end(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM with --teardown: %v", err)
	}
	gone(t, c, "framework-notes")
}

// counted is how far the task has counted.
func counted(t *testing.T, c cluster.Cluster, executor string) (n int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sandboxesOf(c, executor)[0], "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "count ")
}
