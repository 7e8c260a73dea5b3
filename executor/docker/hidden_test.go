package docker_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// hiding is a runtime whose containers are in no cgroup of their own, as those of
// a virtual machine are.
const hiding = `#!/bin/sh
runc "$@" || exit
while [ $# -gt 1 ]; do
	if [ "$1" = --pid-file ]; then
		for cgroup in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs; do
			[ ! -e "$cgroup" ] || cat "$2" > "$cgroup"
		done
	fi
	shift
done
`

// A container whose first process is somebody else's, for all that can be seen,
// gets no dataset; without any it runs.
func TestProcessOutOfSight(t *testing.T) {
	t.Parallel()
	runtime := filepath.Join(t.TempDir(), "hiding")
	if err := os.WriteFile(runtime, []byte(hiding), 0o755); err != nil {
		t.Fatal(err)
	}
	e := open(t, dockertest.New(t, dockertest.Options{Args: []string{"--add-runtime", "hiding=" + runtime}}))
	c := task(t, "sleep 1000")
	c.Host.Runtime = "hiding"
	if pid, err := created(t, e, c).Start(t.Context()); pid != 0 || err != nil {
		t.Errorf("without datasets: process %d, %v", pid, err)
	}
	dir, device := dataset(t)
	c = task(t, "sleep 1000")
	c.Host.Runtime = "hiding"
	b := e.Body(c)
	defer func() {
		if err := b.Remove(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if err := b.Create(t.Context(), []volumes.BodyBind{{Volume: "v", Dataset: "id", Source: dir, Path: "/data", Device: device}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Start(t.Context()); !errors.Is(err, docker.ErrHidden) {
		t.Errorf("with a dataset: %v", err)
	}
}
