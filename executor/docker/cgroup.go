package docker

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// CgroupParent returns what a container's cgroup parent must be so that an
// executor whose /proc/self/cgroup is self shares its cgroup with it: the agent's
// limits and accounting hold, and what the agent kills dies whole. "" is the
// engine's own choice, when the executor is in no cgroup of an agent's. driver and
// version are what the engine says of its cgroups; an engine that does not say the
// version is taken to use v1 where there is any of it. The error is ErrCgroup if
// the engine cannot make such a cgroup.
//
// With cgroup v1 it is the path in the freezer hierarchy, which the agent's linux
// launcher kills by (src/slave/containerizer/mesos/linux_launcher.cpp), else in the
// memory hierarchy, which it limits; the engine uses one path in all hierarchies.
// With v2 it is the executor's cgroup without its last part if that is leaf, which
// is where the agent keeps processes: a cgroup with processes has no children that
// are limited.
func CgroupParent(self, driver, version string) (string, error) {
	parent := ownCgroup(self, version)
	switch {
	case parent == "":
		return "", nil
	case slices.Contains(strings.Split(parent, "/"), ".."):
		return "", fmt.Errorf("%w %s, which is above the root of the cgroup namespace and cannot be named", ErrCgroup, parent)
	case driver != "cgroupfs":
		return "", fmt.Errorf("%w %s: the engine's cgroup driver is %s, and only cgroupfs can make one there", ErrCgroup, parent, driver)
	}
	return parent, nil
}

func ownCgroup(self, version string) string {
	paths := cgroups(self)
	if _, v1 := paths["memory"]; version == "2" || version != "1" && !v1 {
		paths = map[string]string{"memory": unleaf(paths[""])}
	}
	for _, controller := range []string{"freezer", "memory"} {
		if agents(paths[controller]) {
			return paths[controller]
		}
	}
	return ""
}

// cgroups are the paths in the text of a /proc/<pid>/cgroup, by controllers; that
// of v2 has no name.
func cgroups(text string) map[string]string {
	paths := map[string]string{}
	for line := range strings.Lines(text) {
		// hierarchy:controllers:path
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		for _, controller := range strings.Split(f[1], ",") {
			paths[controller] = f[2]
		}
	}
	return paths
}

func unleaf(cgroup string) string {
	if path.Base(cgroup) == "leaf" {
		return path.Dir(cgroup)
	}
	return cgroup
}

// agents: systemd's units and sessions are not an agent's containers. Those may lie
// in a slice or service, if that is the agent's --cgroups_root.
func agents(cgroup string) bool {
	switch path.Ext(cgroup) {
	case ".slice", ".service", ".scope":
		return false
	}
	return strings.Trim(cgroup, "/") != ""
}
