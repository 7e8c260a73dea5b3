package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A program that cannot be run is told as such, and its task never runs.
func TestProgramThatCannotRun(t *testing.T) {
	t.Parallel()
	c := shared(t)
	closed := filepath.Join(binaries.dir, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	for id, tc := range map[string]struct{ program, user, want string }{
		"program-missing": {"no-such-program", "root", "no such file or directory"},
		"program-no-file": {"/etc/passwd", "root", "permission denied"},
		"program-closed":  {closed + "/program", "nobody", "permission denied to user 65534, who may not search directory " + closed},
	} {
		task := cluster.Task{ID: id, Name: id, Info: func(info *mesos.TaskInfo) {
			shell := false
			info.Command = &mesos.CommandInfo{Shell: &shell, Value: &tc.program, Arguments: []string{tc.program}, User: &tc.user}
		}}
		submitGroup(t, c, task)
		status := reaches(t, c, id, mesos.TASK_FAILED)
		if m := status.GetMessage(); !strings.Contains(m, tc.program) || !strings.HasSuffix(m, tc.want) {
			t.Errorf("%s: %q, want %q", id, m, tc.want)
		}
		all, err := c.Statuses(deadline(t), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.GetState() == mesos.TASK_RUNNING {
				t.Errorf("%s: it was %s (%s)", id, s.GetState(), s.GetMessage())
			}
		}
		noProcess(t, c, id)
	}
}
