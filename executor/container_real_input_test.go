package executor_test

import (
	"os"
	"path/filepath"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// realInput: what a task asks for is what its processes find.
func realInput(t *testing.T, _ *dockertest.Engine, w *world) {
	task := shellIn(mesos.ContainerInfo_DockerInfo_NONE, `cd $MESOS_SANDBOX
{
	ulimit -n
	hostname
	grep CapEff /proc/self/status
	stat -f -c %b /dev/shm
	stat -f -c %T /scratch
	stat -c %F /dev/nothing
	echo $WORD
	cat /from/file
	touch /from/file 2>/dev/null || echo read-only
} > answers`)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("of the node\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	from := hostPath(dir, "/from")
	from.Mode = mesos.RO.Enum()
	task.Container.Volumes = []mesos.Volume{from}
	for _, p := range [][2]string{
		{"ulimit", "nofile=1234"},
		{"hostname", "box"},
		{"cap-drop", "ALL"},
		{"cap-add", "NET_ADMIN"},
		{"shm-size", "4m"},
		{"tmpfs", "/scratch"},
		{"device", "/dev/null:/dev/nothing"},
		{"env", "WORD=said"},
	} {
		task.Container.Docker.Parameters = append(task.Container.Docker.Parameters, mesos.Parameter{Key: p[0], Value: p[1]})
	}
	w.running(task)
	w.acked(mesos.TASK_FINISHED)
	got, err := os.ReadFile(filepath.Join(w.options.Environment.Sandbox, "answers"))
	want := "1234\nbox\nCapEff:\t0000000000001000\n1024\ntmpfs\ncharacter special file\nsaid\nof the node\nread-only\n"
	if err != nil || string(got) != want {
		t.Errorf("the container says %q (%v), want %q", got, err, want)
	}
}
