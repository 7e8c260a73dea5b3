package docker_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// openIn opens an engine for an executor that says to be in these cgroups.
func openIn(t *testing.T, e *dockertest.Engine, self string, log *zap.Logger) *docker.Engine {
	t.Helper()
	engine, err := docker.Open(t.Context(), docker.Options{Socket: e.Socket, Log: log, SelfCgroup: []byte(self)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	return engine
}

// unified is the path of a cgroup of v2 on this machine.
func unified(t *testing.T, cgroup string) string {
	t.Helper()
	for _, root := range []string{"/sys/fs/cgroup/unified", "/sys/fs/cgroup"} {
		if _, err := os.Stat(root + "/cgroup.procs"); err == nil {
			return root + cgroup
		}
	}
	t.Fatal("the machine has no cgroup v2")
	return ""
}

// On cgroup v2 the container is made below what the agent kills, beside the leaf
// that has the executor; it dies with that, and the executor learns how.
func TestCgroupV2(t *testing.T) {
	machine := dockertest.New(t, dockertest.Options{CgroupV2: true})
	parent := machine.Cgroup() + "/executor"
	leaf := unified(t, parent+"/leaf")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		t.Fatal(err)
	}
	// The machine may have v1 too; the engine does not use it.
	e := openIn(t, machine, "6:freezer:/other\n4:memory:/other\n0::"+parent+"/leaf\n", nil)
	b := started(t, e, task(t, "sleep 1000 & wait"))
	if got, want := cgroupV2(t, b.Running().PID), parent+"/"+b.Running().ID; got != want {
		t.Errorf("the container's cgroup is %s, want %s", got, want)
	}
	// As src/linux/cgroups2.cpp kills.
	if err := os.WriteFile(unified(t, parent)+"/cgroup.kill", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	if status, known := ended(t, b); !known || status.ExitStatus() != 137 && !status.Signaled() {
		t.Errorf("status %#x, known: %v", status, known)
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := inner(t, unified(t, parent)); !slices.Equal(left, []string{"leaf"}) {
		t.Errorf("below the executor's cgroup: %v, want its leaf", left)
	}
}

// inner are the cgroups in a cgroup.
func inner(t *testing.T, cgroup string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(cgroup)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}

func cgroupV2(t *testing.T, pid int) string {
	t.Helper()
	for line := range strings.Lines(contents(t, fmt.Sprintf("/proc/%d/cgroup", pid))) {
		if path, found := strings.CutPrefix(line, "0::"); found {
			return strings.TrimSuffix(path, "\n")
		}
	}
	t.Fatalf("process %d is in no cgroup of v2", pid)
	return ""
}

// An engine whose containers would outlive what the agent kills refuses volumes,
// before anything is made and again when the container is; without volumes it is
// a warning.
func TestVolumesUnfenced(t *testing.T) {
	const agents, nobodys = "6:freezer:/mesos/c1\n4:memory:/mesos/c1\n0::/mesos/c1/leaf\n", "4:memory:/\n0::/\n"
	for _, test := range []struct {
		name    string
		options dockertest.Options
		says    string
		by      string // a self by which it is refused
		allowed string // and one by which it is not
	}{
		{"systemd driver", dockertest.Options{Systemd: true}, "native.cgroupdriver=cgroupfs", agents, nobodys},
		{"cgroup namespace", dockertest.Options{CgroupNamespace: true}, "another cgroup namespace", nobodys, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, device := dataset(t) // before the engine, which has a mount namespace of its own
			machine, err := dockertest.Start(t.Context(), test.options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := machine.Close(); err != nil {
					t.Error(err)
				}
			})
			err = openIn(t, machine, test.by, nil).Body(task(t, "")).AllowsVolumes(t.Context())
			if !errors.Is(err, docker.ErrCgroup) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			}
			if test.allowed == "" {
				return
			}
			if err := openIn(t, machine, test.allowed, nil).Body(task(t, "")).AllowsVolumes(t.Context()); err != nil {
				t.Error(err)
			}
			createUnfenced(t, machine, test.by, volumes.BodyBind{Volume: "data", Source: dir, Path: "/data", Device: device})
		})
	}
}

// createUnfenced goes past AllowsVolumes, as an engine does that was given another
// driver meanwhile.
func createUnfenced(t *testing.T, machine *dockertest.Engine, self string, bind volumes.BodyBind) {
	t.Helper()
	if err := machine.Import(t.Context(), "busybox"); err != nil {
		t.Fatal(err)
	}
	core, log := observer.New(zap.WarnLevel)
	b := openIn(t, machine, self, zap.New(core)).Body(task(t, "true"))
	t.Cleanup(func() {
		if err := b.Remove(cleanup(t)); err != nil {
			t.Error(err)
		}
	})
	err := b.Create(t.Context(), []volumes.BodyBind{bind})
	if !errors.Is(err, docker.ErrCgroup) || !strings.Contains(err.Error(), "would go on writing") {
		t.Errorf("error %v", err)
	}
	if log.Len() > 0 {
		t.Errorf("warnings %v", log.All())
	}
	if err := b.Create(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if log.FilterMessageSnippet("limits do not hold").Len() != 1 {
		t.Errorf("warnings %v", log.All())
	}
}
