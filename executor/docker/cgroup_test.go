package docker_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

func TestCgroupParent(t *testing.T) {
	const v1 = "11:freezer:/mesos/c1\n5:cpu,cpuacct:/mesos/c1\n4:memory:/mesos/c1\n1:name=systemd:/system.slice/mesos-slave.service\n0::/system.slice/mesos-slave.service\n"
	for _, test := range []struct {
		name, self, driver string
		want               string
		err                error
	}{
		{"v1, linux launcher", v1, "cgroupfs", "/mesos/c1", nil},
		{"v1, systemd driver", v1, "systemd", "", docker.ErrCgroup},
		{"v1, memory only", "6:freezer:/\n4:memory:/mesos/c1\n0::/\n", "cgroupfs", "/mesos/c1", nil},
		{"v1, freezer wins", "6:freezer:/mesos/c1\n4:memory:/other\n", "cgroupfs", "/mesos/c1", nil},
		{"v1, posix launcher", "6:freezer:/\n4:memory:/system.slice/mesos-slave.service\n0::/\n", "systemd", "", nil},
		{"v1, by hand", "6:freezer:/\n4:memory:/user.slice/user-0.slice/session-3.scope\n", "cgroupfs", "", nil},
		{"v1, in no cgroup", "6:freezer:/\n4:memory:/\n", "cgroupfs", "", nil},
		{"v2, agent's", "0::/mesos/c1\n", "cgroupfs", "/mesos/c1", nil},
		{"v2, agent's leaf", "0::/mesos/c1/leaf\n", "cgroupfs", "/mesos/c1", nil},
		{"v2, systemd driver", "0::/mesos/c1/leaf\n", "systemd", "", docker.ErrCgroup},
		{"v2, systemd's", "0::/system.slice/mesos-agent.service\n", "systemd", "", nil},
		{"v2, root", "0::/\n", "systemd", "", nil},
		{"above the namespace", "0::/../c1\n", "cgroupfs", "", nil},
		{"colon in the path", "6:freezer:/mesos/a:b\n", "cgroupfs", "/mesos/a:b", nil},
		{"nothing", "", "cgroupfs", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := docker.CgroupParent(test.self, test.driver)
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("%q, %v; want %q, %v", got, err, test.want, test.err)
			}
		})
	}
}

// The container is really made below the executor's cgroup.
func TestContainerInExecutorsCgroup(t *testing.T) {
	parent := shared.Cgroup() + "/executor"
	e, err := docker.Open(t.Context(), docker.Options{Socket: shared.Socket, SelfCgroup: []byte("6:freezer:" + parent + "\n")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	c := task(t, "grep freezer /proc/self/cgroup; sleep 1000")
	b := started(t, e, c)
	wantOutput(t, c.Stdout, parent+"/"+b.Running().ID)
	if err := b.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob("/sys/fs/cgroup/*" + parent)
	if err != nil || len(left) != 1 || filepath.Base(strings.TrimSuffix(left[0], parent)) != "freezer" {
		t.Errorf("left besides the executor's own cgroup: %v, %v", left, err)
	}
}
