package integration_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leftovers of a cluster that was closed: cgroups of its agents and engines,
// network bridges, and processes that live in its nodes' worlds, whose mounts
// they would keep.
func leftovers(dir string) error {
	var errs []error
	name := filepath.Base(dir)
	for _, pattern := range []string{"/sys/fs/cgroup/" + name + ".*", "/sys/fs/cgroup/*/" + name + ".*"} {
		found, err := filepath.Glob(pattern)
		errs = append(errs, err)
		for _, group := range found {
			errs = append(errs, fmt.Errorf("cgroup %s is left", group))
		}
	}
	interfaces, err := net.Interfaces()
	errs = append(errs, err)
	for _, i := range interfaces {
		if strings.HasPrefix(i.Name, "mc"+strings.TrimPrefix(name, "minicluster-")+"-") {
			errs = append(errs, fmt.Errorf("bridge %s is left", i.Name))
		}
	}
	return errors.Join(append(errs, inhabitants(dir))...)
}

// inhabitants are processes in a mount namespace that has something of the
// cluster's folder.
func inhabitants(dir string) error {
	all, err := filepath.Glob("/proc/[0-9]*")
	worlds := map[string]bool{}
	for _, process := range all {
		world, _ := os.Readlink(process + "/ns/mnt") // one that has ended has none
		if _, known := worlds[world]; !known {
			table, _ := os.ReadFile(process + "/mountinfo")
			worlds[world] = strings.Contains(string(table), dir+"/")
		}
		if worlds[world] {
			line, _ := os.ReadFile(process + "/cmdline")
			err = errors.Join(err, fmt.Errorf("process %s lives in a node of %s: %q", filepath.Base(process), dir, line))
		}
	}
	return err
}

// The look for leftovers sees what a running cluster has.
func TestLeftoversAreNoticed(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	err := leftovers(c.Dir())
	for _, want := range []string{"bridge mc", "lives in a node", "dockerd"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
