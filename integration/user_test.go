package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// directoryService is a getent that knows one user more, with two supplementary
// groups; the executor finds it first.
func directoryService(t *testing.T) (path string) {
	t.Helper()
	dir := filepath.Join(binaries.dir, t.Name())
	script := `#!/bin/sh
case "$1 $2" in
"passwd flocker-test") echo "flocker-test:*:30001:30002::/:/bin/sh" ;;
"initgroups flocker-test") echo "flocker-test 30002 30003 30004" ;;
*) exit 2 ;;
esac
`
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "getent"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
}

// whoAmI tells the user and the groups, and that the sandbox is the user's.
const whoAmI = `echo "$(id -u):$(id -g):$(id -G):$HOME:$USER"; stat -c %n=%u:%g . stdout stderr; touch "$MESOS_SANDBOX/mine" && stat -c %n=%u:%g mine`

// A task runs as flocker.user, in a sandbox that is the user's. The volume keeps
// its own permissions: the user writes where it is allowed to.
func TestUserOwnsItsSandbox(t *testing.T) {
	c := shared(t)
	t.Parallel()
	node := c.Nodes()[0].Name
	task := volumeTask("user-opens", node, "user-data", "mkdir data/open data/closed; chmod 1777 data/open")
	finishes(t, c, task)
	path := directoryService(t)
	for _, tc := range []struct{ user, ids string }{
		{"nobody", "65534:65534:65534"},
		{"flocker-test", "30001:30002:30002 30003 30004"},
		{"4711:4712", "4711:4712:4712"},
	} {
		id := "user-" + strings.ReplaceAll(tc.user, ":", "-")
		task := volumeTask(id, node, "user-data", whoAmI+`; echo $$ > data/open/$(id -u) && echo written; touch data/closed/x || echo closed`)
		task.Labels["flocker.user"] = tc.user
		task.Environment = map[string]string{"PATH": path}
		fields := strings.Split(tc.ids, ":")
		owner := fields[0] + ":" + fields[1]
		want := fmt.Sprintf("%s::\n.=%[2]s\nstdout=%[2]s\nstderr=%[2]s\nmine=%[2]s\nwritten\nclosed\n", tc.ids, owner)
		if got := finishes(t, c, task); got != want {
			t.Errorf("%s: the task said %q, want %q%s", tc.user, got, want, stderr(c, id))
		}
		noProcess(t, c, id)
	}
	gone(t, c, "user-data")
}

// Each task of a group runs as its own command's user, in its own sandbox, which
// is closed to the others' users.
func TestUsersOfAGroup(t *testing.T) {
	c := shared(t)
	t.Parallel()
	as := func(id, user string) cluster.Task {
		task := cluster.Task{ID: id, Name: id, Command: `stat -c mode=%a . ..; ` + whoAmI}
		task.Info = func(info *mesos.TaskInfo) { info.Command.User = &user }
		return task
	}
	submitGroup(t, c, as("user-group-a", "4711:4712"), as("user-group-b", "nobody"))
	for id, owner := range map[string]string{"user-group-a": "4711:4712", "user-group-b": "65534:65534"} {
		reaches(t, c, id, mesos.TASK_FINISHED)
		got := printed(t, c, id, "mine="+owner)
		if want := fmt.Sprintf(".=%[1]s\nstdout=%[1]s\nstderr=%[1]s\n", owner); !strings.HasPrefix(got, "mode=750\nmode=755\n"+owner+":") || !strings.Contains(got, want) {
			t.Errorf("%s said %q, want %q", id, got, want)
		}
	}
	noProcess(t, c, "user-group-a")
}

// A user that cannot be had is told with its label, before anything is leased.
func TestUserRefused(t *testing.T) {
	c := shared(t)
	t.Parallel()
	for name, tc := range map[string]struct {
		user, executor string
		says           []string
	}{
		"unknown":  {"no-such-user", "", []string{`label flocker.user: value "no-such-user": no such user on this node`}},
		"empty":    {"", "", []string{"label flocker.user: no value"}},
		"not root": {"daemon", "nobody", []string{`label flocker.user: value "daemon"`, "runs as user 65534", "be root"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "user-refused-" + strings.ReplaceAll(name, " ", "-")
			task := volumeTask(id, "", id, "true")
			task.Labels["flocker.user"] = tc.user
			task.User = tc.executor
			refused(t, c, task, tc.says...)
			unmade(t, c, id)
		})
	}
}
