package volumes_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/keep"
)

// childVariable makes the test program an executor in the world that it names.
const childVariable = "VOLUMES_TEST_CHILD"

// role is what this program is besides the tests.
func role(dir string) int {
	container := os.Getenv(containerVariable)
	switch {
	case os.Args[0] == keep.FinishName:
		return heir(dir)
	case container == "engine":
		return engineChild(dir)
	case container != "":
		return containerChild(dir, container)
	}
	return child(dir)
}

// child holds the volume "data", runs a task in it until the task's file "go"
// is there, and releases it.
func child(dir string) int {
	ctx := context.Background()
	o := options(dir, "child", store{cluster: cluster{dir}, node: here})
	h, err := volumes.Hold(ctx, o, []volumes.Volume{vol("data")}, nil)
	if err != nil {
		fmt.Println("hold:", err)
		return 1
	}
	script := `echo $$ > data/pid; setsid sh -c 'while :; do echo x >> data/log; done' & while ! test -e go; do :; done`
	return toItsEnd(ctx, dir, h, h.Start(ctx, shell(script, o.Sandbox)))
}

// toItsEnd waits for the end of a task whose start has ended with failed, and
// releases its volumes.
func toItsEnd(ctx context.Context, dir string, h *volumes.Held, failed error) int {
	if failed != nil {
		fmt.Println("start:", failed)
	} else {
		check(os.WriteFile(filepath.Join(dir, "started"), nil, 0o600))
		<-h.Exited()
	}
	if err := h.Release(ctx); err != nil {
		fmt.Println("release:", err)
		return 1
	}
	return 0
}
