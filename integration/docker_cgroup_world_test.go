package integration_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// belowItsExecutor asserts that all processes of a container lie below its
// executor's cgroup, where the agent kills and counts: in the freezer hierarchy, and
// at that path in memory's; or in cgroup v2, beside the executor's leaf.
func belowItsExecutor(t *testing.T, c cluster.Cluster, taskID, container string, v2 bool) {
	t.Helper()
	own := cgroupsOf(t, executorOf(t, c, taskID))
	parent, controllers := own["freezer"], []string{"freezer", "memory"}
	if v2 {
		parent, controllers = path.Dir(own[""]), []string{""}
	}
	if !strings.HasPrefix(parent, "/minicluster-") || v2 && path.Base(own[""]) != "leaf" {
		t.Fatalf("the agent has not given the executor a cgroup: %v", own)
	}
	processes := processesOf(container)
	if len(processes) == 0 {
		t.Error("the container has no process")
	}
	for _, cgroups := range processes {
		for _, controller := range controllers {
			if got, want := cgroups[controller], parent+"/"+container; got != want {
				t.Errorf("controller %q: a process of the container is in %s, want %s", controller, got, want)
			}
		}
	}
}

// executorOf is the folder in /proc of a task's executor.
func executorOf(t *testing.T, c cluster.Cluster, taskID string) string {
	t.Helper()
	all, err := executors(c, taskID)
	if err != nil {
		t.Fatal(err)
	}
	for _, environ := range all {
		dir := filepath.Dir(environ)
		if argv, err := os.ReadFile(dir + "/cmdline"); err == nil && strings.HasPrefix(string(argv), "flocker-executor\x00") {
			return dir
		}
	}
	t.Fatalf("task %s has no executor", taskID)
	return ""
}

func cgroupsOf(t *testing.T, process string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(process + "/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	return cgroupPaths(string(text))
}

// cgroupPaths are the paths in the text of a /proc/<pid>/cgroup by controller.
func cgroupPaths(text string) map[string]string {
	paths := map[string]string{}
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		for _, controller := range strings.Split(f[1], ",") {
			paths[controller] = f[2]
		}
	}
	return paths
}

// processesOf are the cgroups of each process of a container.
func processesOf(container string) (all []map[string]string) {
	found, _ := filepath.Glob("/proc/[0-9]*/cgroup")
	for _, file := range found {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), container) {
			all = append(all, cgroupPaths(string(text)))
		}
	}
	return all
}

// nobodyReturned asserts that a node has not given back its lease of a dataset, so
// that it ran out.
func nobodyReturned(t *testing.T, c *cluster.Minicluster, name, node string) {
	t.Helper()
	for _, e := range c.Service.Entries() {
		deleted := e.Method == "DELETE" && strings.HasSuffix(e.PlainPath(), computedID(name))
		ended := e.Method == "POST" && strings.Contains(e.Body, computedID(name)) && strings.Contains(e.Body, `"expires":0`)
		if e.Node == node && (deleted || ended) {
			t.Errorf("%s has given the lease back: %s", node, e)
		}
	}
}
