package docker

import (
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// tidyCgroups removes the directories that the engine has made for a container's
// parent in hierarchies where the executor is not in it: the agent knows nothing of
// them. One that is in use is not empty and stays.
func (b *Body) tidyCgroups() {
	parent := ownCgroup(string(b.engine.selfCgroup))
	if parent == "" {
		return
	}
	table, err := mounts.Table()
	if err != nil {
		return // directories without anything in them are all that it costs
	}
	for _, m := range table {
		controllers := strings.Split(m.VFSOptions, ",")
		switch {
		case m.Root != "/":
			continue
		case m.FSType == "cgroup2":
			controllers = []string{""} // as in /proc/self/cgroup
		case m.FSType != "cgroup":
			continue
		}
		if !inside(string(b.engine.selfCgroup), controllers, parent) {
			_ = unix.Rmdir(filepath.Join(m.Mountpoint, parent)) // there need not be any
		}
	}
}

// inside tells whether the line of self for a hierarchy with one of these
// controllers is parent.
func inside(self string, controllers []string, parent string) bool {
	for line := range strings.Lines(self) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 || f[2] != parent {
			continue
		}
		for _, controller := range strings.Split(f[1], ",") {
			if slices.Contains(controllers, controller) {
				return true
			}
		}
	}
	return false
}
