package integration_test

import (
	"fmt"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// byMarathon has the agent's shell start the executor as Marathon has it.
func byMarathon(task cluster.Task, cmd string) cluster.Task {
	task.Info = func(info *mesos.TaskInfo) {
		line := "chmod ug+rx './flocker-executor' && exec './flocker-executor' " + cmd
		command := info.Executor.Command
		command.Shell, command.Value, command.Arguments = nil, &line, nil
	}
	return task
}

// started is the message of a task's first status.
func started(t *testing.T, c cluster.Cluster, id string) string {
	t.Helper()
	all, err := c.Statuses(deadline(t), id)
	if err != nil || len(all) == 0 || all[0].GetState() != mesos.TASK_STARTING {
		t.Fatalf("statuses %v, %v", all, err)
	}
	return all[0].GetMessage()
}

// Marathon's line, word for word, in the hands of the agent's shell.
func TestMarathonsLine(t *testing.T) {
	c := shared(t)
	t.Parallel()
	for name, tc := range map[string]struct {
		cmd, label, data string
		wants            string // stdout
	}{
		"list":          {cmd: `true && echo "$MINE" > data/log; cat data/log`, wants: "kept\n"},
		"lines":         {cmd: "echo a\n\n# b > c\necho d > data/log\ncat data/log", wants: "a\nd\n"},
		"quoted":        {cmd: `'echo $MINE > data/log; cat data/log | tr a-z A-Z'`, wants: "KEPT\n"},
		"dash":          {cmd: `-- sh -c 'echo "$0 $1" > data/log; cat data/log' a b`, wants: "a b\n"},
		"flag and word": {cmd: `--lease=1m 'echo a > data/log; cat data/log'`, wants: "a\n"},
		"one blank":     {cmd: " ", label: "echo a > data/log; cat data/log", wants: "a\n"},
		"empty":         {cmd: "", label: "echo a > data/log; cat data/log", wants: "a\n"},
		"data":          {cmd: "echo lost", data: `{"id": "/app", "cmd": "echo a > data/log; cat data/log"}`, wants: "a\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "marathon-" + strings.ReplaceAll(name, " ", "-")
			task := volumeTask(id, "", id, tc.label)
			task.Data, task.Environment = tc.data, map[string]string{"MINE": "kept"}
			if got := finishes(t, c, byMarathon(task, tc.cmd)); got != tc.wants {
				t.Errorf("the task said %q, want %q%s", got, tc.wants, stderr(c, id))
			}
			if message := started(t, c, id); message != "" {
				t.Errorf("a warning: %s", message)
			}
			gone(t, c, id)
		})
	}
}

// What Marathon's shell takes out of cmd is told in the first status and in the
// log, and the task runs all the same.
func TestMarathonsTraps(t *testing.T) {
	c := shared(t)
	t.Parallel()
	for name, tc := range map[string]struct{ cmd, file, wants, says string }{
		"redirection":  {"echo a > out.txt", "out.txt", "a\n", `"> out.txt" was obeyed twice`},
		"pipe":         {"echo a | tr a-z A-Z", "stdout", "A\n", `"| tr a-z A-Z" runs twice`},
		"substitution": {"echo $(echo x >> ran; cat ran)", "ran", "x\nx\n", "ran twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "trap-" + name
			task := byMarathon(cluster.Task{ID: id, Name: id}, tc.cmd)
			submit(t, c, task)
			reaches(t, c, id, mesos.TASK_FINISHED)
			eventually(t, "the rest of the pipeline ends with the executor", func() error {
				got, err := output(c, id, tc.file)
				if err == nil && got != tc.wants {
					err = fmt.Errorf("%s is %q, want %q", tc.file, got, tc.wants)
				}
				return err
			})
			log, err := output(c, id, "stderr")
			for where, text := range map[string]string{"status": started(t, c, id), "log": log} {
				if err != nil || !strings.Contains(text, tc.says) || !strings.Contains(text, "single-quoted word") {
					t.Errorf("the %s does not say %q: %s (%v)", where, tc.says, text, err)
				}
			}
			noProcess(t, c, id)
		})
	}
}

// Labels as Aurora writes them.
func TestLabelsWithAurorasPrefix(t *testing.T) {
	c := shared(t)
	t.Parallel()
	const prefix = "org.apache.aurora.metadata.flocker."
	task := cluster.Task{ID: "aurora", Name: "aurora", Arguments: []string{"--label-prefix=" + prefix}, Labels: map[string]string{
		prefix + "volume": "aurora:data:size=64MiB", prefix + "command": "echo a > data/log; cat data/log", "flocker.nonsense": "of others",
	}}
	if got := finishes(t, c, task); got != "a\n" {
		t.Errorf("the task said %q", got)
	}
	gone(t, c, "aurora")
}

// TaskInfo.command of a task in a group: a program with its arguments and
// a name of its own, variables, secrets, and what Mesos' default executor sets.
func TestTaskInfoCommand(t *testing.T) {
	c := shared(t)
	t.Parallel()
	task := cluster.Task{ID: "own-command", Name: "own-command", Labels: label("own-command:data:size=64MiB"), Environment: map[string]string{"LEVEL": "executor"}}
	task.Info = func(info *mesos.TaskInfo) {
		info.Command = &mesos.CommandInfo{
			Shell: ptr(false), Value: ptr("sh"),
			Arguments: []string{"my-name", "-c", `tr '\0' '|' < /proc/$$/cmdline | cut -d'|' -f1; echo "$1|$LEVEL|$PASSWORD|$MESOS_ALLOCATION_ROLE|$MESOS_CONTAINER_IP" > data/log; cat data/log; [ "$MESOS_SANDBOX" = "$PWD" ] && pwd`, "argument 0", "an argument"},
			Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{
				{Name: "LEVEL", Value: ptr("task")},
				{Name: "PASSWORD", Type: mesos.Environment_Variable_SECRET.Enum(), Secret: &mesos.Secret{
					Type: mesos.Secret_VALUE, Value: &mesos.Secret_Value{Data: []byte("s3cret")},
				}},
			}},
		}
	}
	submitGroup(t, c, task)
	reaches(t, c, task.ID, mesos.TASK_FINISHED)
	got := printed(t, c, task.ID, "/tasks/own-command\n")
	if !strings.HasPrefix(got, "my-name\nan argument|task|s3cret|*|127.") {
		t.Errorf("the task said %q", got)
	}
	gone(t, c, "own-command")
}

// What nobody would do for the task is refused, before anything is leased.
func TestTaskInfoCommandRefused(t *testing.T) {
	c := shared(t)
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*mesos.CommandInfo)
		says   string
	}{
		"uris": {func(c *mesos.CommandInfo) { c.URIs = []mesos.CommandInfo_URI{{Value: "http://h/x"}} }, "put it on ExecutorInfo.command.uris"},
		"name": {func(c *mesos.CommandInfo) { c.Shell = ptr(false) }, "TaskInfo.command.arguments: must begin with the program's own name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "command-refused-" + name
			task := volumeTask(id, "", id, "true")
			task.Info = func(info *mesos.TaskInfo) { tc.change(info.Command) }
			submitGroup(t, c, task)
			says(t, reaches(t, c, id, mesos.TASK_FAILED), tc.says)
			unmade(t, c, id)
		})
	}
}
