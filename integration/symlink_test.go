package integration_test

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A symbolic link that came into the sandbox with an archive leads no bind
// anywhere: the task fails, and what the link names stays as it is.
func TestSymbolicLinkInPath(t *testing.T) {
	t.Parallel()
	c := shared(t)
	outside := t.TempDir()
	archive := filepath.Join(t.TempDir(), "planted.tar")
	writeLinks(t, archive, map[string]string{"out": outside, "in": "sub", "magic": "/proc/self/cwd"})
	for name, path := range map[string]string{
		"leaf": "out", "parent": "out/data", "into-the-sandbox": "in/data", "magic": "magic/data",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "symlink-" + name
			task := cluster.Task{ID: id, Name: id, Command: "true", Labels: label(id + ":" + path + ":size=64MiB")}
			task.Info = func(info *mesos.TaskInfo) {
				info.Executor.Command.URIs = append(info.Executor.Command.URIs, mesos.CommandInfo_URI{Value: archive})
			}
			refused(t, c, task, "symbolic link", path)
			gone(t, c, id)
			noProcess(t, c, id)
			if found, err := os.ReadDir(outside); err != nil || len(found) > 0 {
				t.Errorf("the task's volume has left %v outside (%v)", found, err)
			}
		})
	}
}

// writeLinks makes an archive of symbolic links.
func writeLinks(t *testing.T, file string, links map[string]string) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(out)
	for name, target := range links {
		header := &tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
