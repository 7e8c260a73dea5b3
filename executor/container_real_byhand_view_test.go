package executor_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
)

// viewOf a container is what docker inspect says, a line for each value that is
// not empty: without what is another in every container, and without what both
// ways write differently but the engine reads alike.
func viewOf(inspect []byte) (map[string]string, error) {
	var c map[string]any
	if err := json.Unmarshal(inspect, &c); err != nil {
		return nil, err
	}
	byTarget := map[string]any{}
	for _, m := range c["Mounts"].([]any) {
		m := m.(map[string]any)
		if name, _ := m["Name"].(string); len(name) == 64 { // an anonymous volume's
			delete(m, "Name")
			delete(m, "Source")
		}
		byTarget[fmt.Sprint(m["Destination"])] = m
	}
	c["Mounts"] = byTarget
	view := map[string]string{}
	flatten(view, "", c)
	id := view["Id"][:12]
	for key, value := range view {
		top, _, _ := strings.Cut(key, ".")
		if slices.Contains(ownOfEach, top) || slices.Contains(ownOfEach, key) || value == id || strings.HasPrefix(value, "MESOS_CONTAINER_NAME=") {
			delete(view, key)
		}
	}
	return ordered(view), nil
}

// ownOfEach is what is another in every container, or the executor's choice: it
// gives the container a cgroup, and nothing on stdin.
var ownOfEach = []string{
	"Id", "Created", "Name", "State", "LogPath", "ResolvConfPath", "HostnamePath", "HostsPath", "GraphDriver",
	"HostConfig.CgroupParent", "HostConfig.ConsoleSize[0]", "HostConfig.ConsoleSize[1]", "Config.AttachStdin", "Config.StdinOnce",
}

func flatten(view map[string]string, at string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, value := range v {
			flatten(view, strings.TrimPrefix(at+"."+key, "."), value)
		}
	case []any:
		for i, value := range v {
			flatten(view, fmt.Sprintf("%s[%d]", at, i), value)
		}
	case nil:
	default:
		view[at] = fmt.Sprint(v)
	}
}

var index = regexp.MustCompile(`\[\d+\]`)

// unordered lists: the command line has them in the order of a map.
var unordered = []string{
	"Config.Env[]", "HostConfig.Binds[]", "HostConfig.CapAdd[]", "HostConfig.CapDrop[]",
	"HostConfig.Ulimits[].Name", "HostConfig.Ulimits[].Soft", "HostConfig.Ulimits[].Hard", "NetworkSettings.Networks.web.Aliases[]",
}

func ordered(view map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range view {
		value = canonical(key, value)
		if list := index.ReplaceAllString(key, "[]"); slices.Contains(unordered, list) {
			key = list + " " + value
		}
		out[clean(key)] = value
	}
	return out
}

// clean is the path of a tmpfs, which is a key.
func clean(key string) string {
	if at, ok := strings.CutPrefix(key, "HostConfig.Tmpfs."); ok {
		return "HostConfig.Tmpfs." + path.Clean(at)
	}
	return key
}

func canonical(key, value string) string {
	switch key = index.ReplaceAllString(key, ""); key {
	case "HostConfig.CapAdd", "HostConfig.CapDrop":
		return strings.TrimPrefix(strings.ToUpper(value), "CAP_")
	case "HostConfig.ExtraHosts":
		return strings.TrimSpace(value)
	case "HostConfig.Mounts.Target", "HostConfig.Devices.PathInContainer", "HostConfig.Devices.PathOnHost":
		return path.Clean(value)
	case "HostConfig.Binds":
		parts := strings.Split(value, ":")
		parts[1] = path.Clean(parts[1])
		return strings.Join(parts, ":")
	case "NetworkSettings.Networks.web.IPAMConfig.IPv4Address":
		if ip, err := netip.ParseAddr(value); err == nil {
			return ip.Unmap().String()
		}
	}
	return value
}

// unlike are the lines that differ.
func unlike(theirs, ours map[string]string) string {
	var lines []string
	for key, value := range theirs {
		if v, ok := ours[key]; !ok || v != value {
			lines = append(lines, "\n- "+key+" "+value)
		}
	}
	for key, value := range ours {
		if v, ok := theirs[key]; !ok || v != value {
			lines = append(lines, "\n+ "+key+" "+value)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
