package contain_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
)

const freezer = "/sys/fs/cgroup/freezer"

// grouped is a container with a cgroup of its own, below a root of its own.
func grouped(t *testing.T, script string) contain.Spec {
	t.Helper()
	s := spec(t, contain.Linux, script)
	root := "contain-test-" + uuid.NewString()
	s.Cgroup, s.SharePID = root+"/c1", true
	t.Cleanup(func() {
		for _, hierarchy := range []string{freezer, "/sys/fs/cgroup"} {
			if err := os.Remove(filepath.Join(hierarchy, root)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
		}
	})
	return s
}

// A process that somebody else starts in a cgroup below the container's, as a
// docker engine does, dies with the container, however that ends, frozen or not.
func TestCgroupDiesWithTheContainer(t *testing.T) {
	for _, row := range []struct {
		name, end    string
		kill, frozen bool
		want         int
	}{
		{"executor exits", "while [ ! -e go ]; do sleep 0.01; done; exit 3", false, false, 3 << 8},
		{"destroyed", "sleep 1000", true, false, 9},
		{"destroyed with something paused in it", "sleep 1000", true, true, 9},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := grouped(t, "touch ready; "+row.end)
			c := start(t, s)
			if err := c.Open(); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() bool { _, err := os.Stat(filepath.Join(s.Sandbox, "ready")); return err == nil })
			foreign := exec.Command("setsid", "sleep", "1000")
			if err := foreign.Start(); err != nil {
				t.Fatal(err)
			}
			below := filepath.Join(freezer, s.Cgroup, "docker-container")
			write(t, filepath.Join(below, "cgroup.procs"), strconv.Itoa(foreign.Process.Pid))
			if row.frozen {
				write(t, filepath.Join(below, "freezer.state"), "FROZEN")
			}
			reaped := make(chan error, 1)
			go func() { reaped <- foreign.Wait() }()
			if row.kill {
				c.Kill()
			} else {
				write(t, filepath.Join(s.Sandbox, "go"), "")
			}
			if got := wait(t, c); got != row.want {
				t.Errorf("status %d, want %d", got, row.want)
			}
			if err := <-reaped; err == nil || err.Error() != "signal: killed" {
				t.Errorf("the process below ended with %v", err)
			}
			if _, err := os.Stat(filepath.Join(freezer, s.Cgroup)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the cgroup is left: %v", err)
			}
		})
	}
}

// write makes the file's folder first.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Without namespaces/pid an executor sees the node's processes, but its mounts
// stay its own.
func TestSharedPIDNamespace(t *testing.T) {
	s := grouped(t, `readlink /proc/self/ns/pid > pid; readlink /proc/self/ns/mnt > mnt
grep -q ":/$GROUP\$" /proc/self/cgroup && touch grouped`)
	s.Env = append(s.Env, "GROUP="+s.Cgroup)
	c := start(t, s)
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	wait(t, c)
	for file, same := range map[string]bool{"pid": true, "mnt": false} {
		ours, err := os.Readlink("/proc/self/ns/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(s.Sandbox, file)); err != nil || (string(text) == ours+"\n") != same {
			t.Errorf("%s is %q, ours %q, want the same: %v (%v)", file, text, ours, same, err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.Sandbox, "grouped")); err != nil {
		t.Error("the executor is not in its cgroup")
	}
}

func TestSharedPIDNeedsCgroup(t *testing.T) {
	for _, isolation := range []string{contain.Posix, contain.Linux} {
		s := spec(t, isolation, "true")
		if s.SharePID = true; isolation == contain.Posix {
			s.Cgroup = "unused"
		}
		if _, err := contain.Start(s); err == nil {
			t.Errorf("%s: accepted", isolation)
		}
	}
}
