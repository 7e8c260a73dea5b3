package docker_test

import (
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

func TestCheckPath(t *testing.T) {
	for path, own := range map[string]string{
		"/":                  "/etc/hosts",
		"/etc":               "/etc/hosts",
		"/etc/":              "/etc/hosts",
		"/etc/hosts":         "/etc/hosts",
		"/etc/resolv.conf":   "/etc/resolv.conf",
		"/etc/x/../hosts":    "/etc/hosts",
		"/dev":               "/dev/console",
		"/dev/null":          "/dev/null",
		"/dev/pts":           "/dev/pts",
		"/dev/pts/0":         "/dev/pts",
		"/proc":              "/proc",
		"/proc/sys":          "/proc",
		"/sys/fs/cgroup":     "/sys",
		"/sbin":              "/sbin/docker-init",
		"/etc/app":           "",
		"/etc/hosts.d":       "",
		"/dev/shm":           "",
		"/dev/data":          "",
		"/proc2":             "",
		"/mnt/mesos/x":       "",
		"/mnt/mesos/sandbox": "",
	} {
		err := docker.CheckPath(path)
		if own == "" && err != nil || own != "" && (err == nil || !strings.Contains(err.Error(), "its own "+own+" ")) {
			t.Errorf("%s: %v, want %q", path, err, own)
		}
	}
}
