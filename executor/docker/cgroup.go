package docker

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/moby/moby/client"
)

// CgroupParent returns what a container's cgroup parent must be so that an
// executor whose /proc/self/cgroup is self shares its cgroup with it: the agent's
// limits and accounting hold, and what the agent kills dies whole. "" is the
// engine's own choice, when the executor is in no cgroup of an agent's. driver is the
// engine's; the error is ErrCgroup if that cannot make such a cgroup.
//
// With cgroup v1 it is the path in the freezer hierarchy, which the agent's linux
// launcher kills by (src/slave/containerizer/mesos/linux_launcher.cpp), else in the
// memory hierarchy, which it limits; the engine uses one path in all hierarchies.
// With v2 it is the executor's cgroup without its last part if that is leaf, which
// is where the agent keeps processes: a cgroup with processes has no children that
// are limited.
func CgroupParent(self, driver string) (string, error) {
	parent := ownCgroup(self)
	if parent == "" || driver == "cgroupfs" {
		return parent, nil
	}
	return "", fmt.Errorf("%w %s: the engine's cgroup driver is %s, and only cgroupfs can make one there", ErrCgroup, parent, driver)
}

func ownCgroup(self string) string {
	paths := map[string]string{} // of controllers; that of v2 has no name
	for line := range strings.Lines(self) {
		// hierarchy:controllers:path
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		for _, controller := range strings.Split(f[1], ",") {
			paths[controller] = f[2]
		}
	}
	for _, controller := range []string{"freezer", "memory"} {
		if agents(paths[controller]) {
			return paths[controller]
		}
	}
	if _, hybrid := paths["memory"]; hybrid || !agents(paths[""]) {
		return ""
	}
	if path.Base(paths[""]) == "leaf" {
		return path.Dir(paths[""])
	}
	return paths[""]
}

// agents: systemd's units and sessions are not an agent's containers, and those
// above the root of the cgroup namespace cannot be named.
func agents(cgroup string) bool {
	for _, element := range strings.Split(cgroup, "/") {
		switch path.Ext(element) {
		case ".slice", ".service", ".scope":
			return false
		}
		if element == ".." {
			return false
		}
	}
	return strings.Trim(cgroup, "/") != ""
}

// cgroupParent refuses volumes where they cannot be fenced; a container without
// any is then the engine's own affair.
func (b *Body) cgroupParent(ctx context.Context, volumes bool) (string, error) {
	if ownCgroup(string(b.engine.selfCgroup)) == "" {
		return "", nil
	}
	answer, err := b.engine.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "", fmt.Errorf("ask for the engine's cgroup driver: %w", err)
	}
	parent, err := CgroupParent(string(b.engine.selfCgroup), answer.Info.CgroupDriver)
	if err != nil && !volumes {
		b.engine.log.Warn(err.Error() + "; the agent's limits do not hold for the container, nor does it end with the executor")
		return "", nil
	}
	return parent, err
}
