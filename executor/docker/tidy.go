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
	parent := b.parent.Load()
	if parent == nil || *parent == "" {
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
		if !inside(cgroups(string(b.engine.selfCgroup)), controllers, *parent) {
			_ = unix.Rmdir(filepath.Join(m.Mountpoint, *parent)) // there need not be any
		}
	}
}

// inside tells whether a process with these cgroups is in parent, in the hierarchy
// of any of the controllers.
func inside(own map[string]string, controllers []string, parent string) bool {
	return slices.ContainsFunc(controllers, func(c string) bool { return unleaf(own[c]) == parent })
}
