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
		name, self, driver, version string
		want                        string
		err                         error
	}{
		{"v1, linux launcher", v1, "cgroupfs", "1", "/mesos/c1", nil},
		{"v1, systemd driver", v1, "systemd", "1", "", docker.ErrCgroup},
		{"v1, memory only", "6:freezer:/\n4:memory:/mesos/c1\n0::/\n", "cgroupfs", "1", "/mesos/c1", nil},
		{"v1, freezer wins", "6:freezer:/mesos/c1\n4:memory:/other\n", "cgroupfs", "1", "/mesos/c1", nil},
		{"v1, posix launcher", "6:freezer:/\n4:memory:/system.slice/mesos-slave.service\n0::/\n", "systemd", "1", "", nil},
		{"v1, by hand", "6:freezer:/\n4:memory:/user.slice/user-0.slice/session-3.scope\n", "cgroupfs", "1", "", nil},
		{"v1, in no cgroup", "6:freezer:/\n4:memory:/\n", "cgroupfs", "1", "", nil},
		{"v1, and v2 besides", "6:freezer:/\n4:memory:/\n0::/mesos/c1\n", "cgroupfs", "1", "", nil},
		{"v1, root in a slice", "6:freezer:/mesos.slice/c1\n4:memory:/\n", "cgroupfs", "1", "/mesos.slice/c1", nil},
		{"v2, agent's", "0::/mesos/c1\n", "cgroupfs", "2", "/mesos/c1", nil},
		{"v2, agent's leaf", "0::/mesos/c1/leaf\n", "cgroupfs", "2", "/mesos/c1", nil},
		{"v2, systemd driver", "0::/mesos/c1/leaf\n", "systemd", "2", "", docker.ErrCgroup},
		{"v2, systemd's", "0::/system.slice/mesos-agent.service\n", "systemd", "2", "", nil},
		{"v2, leaf of systemd's", "0::/system.slice/mesos-agent.service/leaf\n", "systemd", "2", "", nil},
		{"v2, root in a service", "0::/system.slice/mesos-agent.service/c1/leaf\n", "cgroupfs", "2", "/system.slice/mesos-agent.service/c1", nil},
		{"v2, root", "0::/\n", "systemd", "2", "", nil},
		{"v2, and v1 besides", "6:freezer:/other\n4:memory:/other\n0::/mesos/c1/leaf\n", "cgroupfs", "2", "/mesos/c1", nil},
		{"unknown, v1", v1, "cgroupfs", "", "/mesos/c1", nil},
		{"unknown, v1 and v2", "6:freezer:/\n4:memory:/\n0::/mesos/c1\n", "cgroupfs", "", "", nil},
		{"unknown, v2", "0::/mesos/c1/leaf\n", "cgroupfs", "", "/mesos/c1", nil},
		{"above the namespace", "0::/../c1\n", "cgroupfs", "2", "", docker.ErrCgroup},
		{"colon in the path", "6:freezer:/mesos/a:b\n", "cgroupfs", "1", "/mesos/a:b", nil},
		{"nothing", "", "cgroupfs", "1", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := docker.CgroupParent(test.self, test.driver, test.version)
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
