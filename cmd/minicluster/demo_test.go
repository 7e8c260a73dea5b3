package main_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The demo tells its story to the end, with whatever isolation and backend, and
// the count goes on on the other node.
func TestDemo(t *testing.T) {
	for _, flags := range [][]string{
		{"--isolation=posix", "--backend=loopback"},
		{"--isolation=linux", "--backend=loopback"},
		{"--isolation=posix", "--backend=directory"},
		{"--isolation=posix", "--docker"},
		{"--isolation=linux", "--docker"},
	} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := launch(t, append([]string{"demo", "--quick", "--dir", dir}, flags...)...)
			if code := p.exit(t); code != 0 {
				t.Fatalf("exit status %d:\n%s\n%s", code, p.output(), p.stderr)
			}
			for _, want := range []string{
				"task counter-1 TASK_RUNNING", "  count 8", "task counter-1 TASK_KILLED",
				"found the count at", "  count 16", "task counter-2 TASK_FINISHED", "leased by node-1", "leased by node-2", "done",
			} {
				if !strings.Contains(p.output(), want) {
					t.Errorf("the demo does not say %q:\n%s", want, p.output())
				}
			}
			if n := strings.Count(p.output(), "starting to count"); n != 1 {
				t.Errorf("the count began %d times", n)
			}
			containers := strings.Count(p.output(), "in container flocker-")
			if slices.Contains(flags, "--docker") != (containers == 2) {
				t.Errorf("the count was in %d containers:\n%s", containers, p.output())
			}
			clean(t, dir)
		})
	}
}

// Ctrl-C at any moment ends the demo and leaves nothing.
func TestDemoInterrupted(t *testing.T) {
	for name, moment := range map[string]string{
		"coming up":     "a Mesos master, two nodes",
		"nodes up":      "node-1    is up",
		"submitting":    "submits task counter-1",
		"acquiring":     "dataset counter-data",
		"running":       "  count 2",
		"killing":       "the task is killed",
		"moving":        "submits task counter-2",
		"on the second": "found the count at",
		"taking down":   "taking the cluster down",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := []string{"demo", "--quick", "--dir", dir}
			if name == "acquiring" || name == "running" {
				args = append(args, "--docker")
			}
			p := launch(t, args...)
			p.until(t, moment)
			p.interrupt(t)
			code := p.exit(t)
			if code == 0 && name != "taking down" {
				t.Errorf("exit status 0 of a demo that was interrupted")
			}
			if code != 0 && code != 1 || strings.Contains(p.stderr.String(), "panic") {
				t.Errorf("exit status %d: %s", code, p.stderr)
			}
			clean(t, dir)
		})
	}
}

// One process keeps a cluster; others run tasks on it, whose data stays.
func TestUpAndRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := launch(t, "up", "--master-port=0", "--flocker-port=0", "--dir", dir)
	line := up.until(t, "minicluster run --cluster ")
	up.until(t, "Ctrl-C takes the cluster down")
	description := strings.Fields(line[strings.Index(line, "--cluster "):])[1]
	if !strings.HasPrefix(description, dir) {
		t.Errorf("the description is %s, not below %s", description, dir)
	}
	task := dir + "/task.json"
	text := `{"name": "attached", "command": "n=$(cat data/n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > data/n; echo this is run $n",
		"labels": {"flocker.volume": "attached:data:size=64MiB"}}`
	if err := os.WriteFile(task, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 2; n++ {
		p := launch(t, "run", "--cluster", description, task)
		if code := p.exit(t); code != 0 || !strings.Contains(p.output(), fmt.Sprintf("this is run %d", n)) {
			t.Fatalf("exit status %d:\n%s\n%s", code, p.output(), p.stderr)
		}
	}
	interrupted := launch(t, "run", "--cluster", description, "examples/counter/counter.json")
	interrupted.until(t, "count 2")
	interrupted.interrupt(t)
	if code := interrupted.exit(t); code != 1 || !strings.Contains(interrupted.output()+interrupted.stderr.String(), "TASK_KILLED") {
		t.Errorf("exit status %d:\n%s\n%s", code, interrupted.output(), interrupted.stderr)
	}
	up.interrupt(t)
	if code := up.exit(t); code != 0 {
		t.Errorf("exit status %d:\n%s\n%s", code, up.output(), up.stderr)
	}
	if err := os.Remove(task); err != nil {
		t.Fatal(err)
	}
	clean(t, dir)
}

// The examples run on a cluster of their own, as their READMEs say.
func TestRunExample(t *testing.T) {
	for _, args := range [][]string{{"examples/counter/counter.json"}, {"--docker", "examples/docker/counter.json"}} {
		t.Run(args[len(args)-1], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := launch(t, append([]string{"run", "--dir", dir}, args...)...)
			if code := p.exit(t); code != 0 || !strings.Contains(p.output(), "counted to 40, done") {
				t.Errorf("exit status %d:\n%s\n%s", code, p.output(), p.stderr)
			}
			clean(t, dir)
		})
	}
}
