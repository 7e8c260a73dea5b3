package integration_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// Bad input ends a task before anything is leased, and the message names the
// label, the value and what is allowed.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := shared(t)
	for name, tc := range map[string]struct {
		labels map[string]string
		says   []string
	}{
		"no path":          {label("bad-a"), []string{"flocker.volume", `bad-a`}},
		"typo in label":    {map[string]string{"flocker.volum": "bad-b:data"}, []string{"flocker.volum", "flocker.volume"}},
		"unknown option":   {label("bad-c:data:sise=1GiB"), []string{"sise", "size"}},
		"later option":     {label("bad-d:data:shared"), []string{"shared", "not supported yet"}},
		"size in GB":       {label("bad-e:data:size=1GB"), []string{"1GB", "G"}},
		"dots":             {label("bad-f:../data"), []string{"..", "flocker.volume"}},
		"one path twice":   {labels("bad-g:data", "bad-h:data"), []string{"data"}},
		"path inside path": {labels("bad-i:data", "bad-j:data/log"), []string{"data/log"}},
		"dataset twice":    {labels("bad-k:data", "bad-k:log"), []string{"bad-k"}},
		"no such absolute": {label("bad-l:/no/such/place"), []string{"/no/such/place"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "bad-" + strings.ReplaceAll(name, " ", "-")
			submit(t, c, cluster.Task{ID: id, Name: "bad", Command: "true", Labels: tc.labels})
			status := reaches(t, c, id, mesos.TASK_FAILED)
			for _, want := range tc.says {
				if !strings.Contains(status.GetMessage(), want) {
					t.Errorf("message %q does not name %q", status.GetMessage(), want)
				}
			}
			gone(t, c)
			noProcess(t, c, id)
		})
	}
}

func label(value string) map[string]string { return map[string]string{"flocker.volume": value} }

func labels(first, second string) map[string]string {
	return map[string]string{"flocker.volume.a": first, "flocker.volume.b": second}
}

// A file stands where the container path needs a folder.
func TestFileInPath(t *testing.T) {
	t.Parallel()
	c := shared(t)
	task := cluster.Task{ID: "file-in-path", Name: "x", Command: "true", Labels: label("file-in-path:stdout/data:size=64MiB")}
	refused(t, c, task, "stdout/data", "ot a directory")
	gone(t, c, "file-in-path")
	noProcess(t, c, "file-in-path")
}

// A task without a command fails before anything is leased.
func TestNoCommand(t *testing.T) {
	t.Parallel()
	c := shared(t)
	submit(t, c, cluster.Task{ID: "no-command", Name: "x", Labels: label("no-command:data")})
	status := reaches(t, c, "no-command", mesos.TASK_FAILED)
	if !strings.Contains(status.GetMessage(), "flocker.command") {
		t.Errorf("message %q does not say where a command is looked for", status.GetMessage())
	}
	if d, err := dataset(deadline(t), c, "no-command"); err != nil || d.ID != "" {
		t.Errorf("dataset %+v was made (%v)", d, err)
	}
}
