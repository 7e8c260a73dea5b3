package flockertest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// cluster is a service with two agents in this process.
type cluster struct {
	flockertest.Service
	dir    string
	roots  map[string]string
	agents map[string]flockertest.Agent
	stop   map[string]context.CancelFunc
	done   map[string]chan error
}

func (c *cluster) pool() string { return filepath.Join(c.dir, "pool") }

// startCluster runs a service and an agent for each of two nodes, and fails the
// test if anything is mounted or attached when all is over.
func startCluster(t *testing.T, agent flockertest.Agent) *cluster {
	t.Helper()
	c := &cluster{
		dir: t.TempDir(), roots: map[string]string{}, agents: map[string]flockertest.Agent{},
		stop: map[string]context.CancelFunc{}, done: map[string]chan error{},
	}
	t.Cleanup(func() { nothingLeft(t, c.dir) })
	c.Nodes, c.Pace = []flockertest.Node{}, agent.Pace
	if agent.Pace.Push > 0 {
		c.StateExpiry = 120 * agent.Pace.Push // as 120 s are to the real one
	}
	start(t, &c.Service)
	for _, n := range flockertest.DefaultNodes() {
		a := agent
		a.UUID, a.Host, a.Era = n.UUID, n.Host, n.Era
		a.Root, a.Pool = filepath.Join(c.dir, n.UUID[:4]), c.pool()
		a.ServiceURL, a.Logf = c.AgentURL(), t.Logf
		c.roots[n.UUID], c.agents[n.UUID] = a.Root, a
	}
	t.Cleanup(func() {
		for node := range c.stop {
			c.halt(t, node)
		}
		if err := flockertest.Sweep(c.dir); err != nil {
			t.Error(err)
		}
	})
	for _, a := range c.agents {
		c.run(t, a)
	}
	return c
}

// run starts an agent and waits for its first report.
func (c *cluster) run(t *testing.T, a flockertest.Agent) {
	t.Helper()
	c.launch(a)
	if err := c.WaitNode(brief(t), a.UUID); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) launch(a flockertest.Agent) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	c.stop[a.UUID], c.done[a.UUID] = cancel, done
	go func() { done <- a.Run(ctx) }()
}

func (c *cluster) halt(t *testing.T, node string) {
	c.stop[node]()
	if err := <-c.done[node]; err != nil {
		t.Errorf("agent of %s: %v", node, err)
	}
	delete(c.stop, node)
}

// nothingLeft requires that no mount and no loop device below dir is left. A loop
// device goes a moment after the last mount, when the kernel has written it out.
func nothingLeft(t *testing.T, dir string) {
	deadline := time.Now().Add(10 * time.Second)
	for {
		left := leftBelow(t, dir)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left below %s: %v", dir, left)
			return
		}
		until(time.Now().Add(5 * time.Millisecond))
	}
}

func leftBelow(t *testing.T, dir string) (left []string) {
	t.Helper()
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		t.Error(err)
	}
	for _, m := range mounts {
		left = append(left, "mount "+m.Mountpoint)
	}
	devices, err := flockertest.Backing()
	if err != nil {
		t.Error(err)
	}
	for image, minors := range devices {
		if strings.HasPrefix(image, dir) {
			left = append(left, fmt.Sprintf("%s behind loop devices %v", image, minors))
		}
	}
	return left
}

func (c *cluster) create(t *testing.T, node string) (id, path string) {
	t.Helper()
	id = c.Create(flockertest.Dataset{Primary: node, MaximumSize: 64 << 20})[0]
	return id, c.mounted(t, id, node)
}

func (c *cluster) mounted(t *testing.T, id, node string) string {
	t.Helper()
	path, err := c.WaitMounted(brief(t), id, node)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(c.roots[node], id); path != want {
		t.Fatalf("mounted at %s, not at %s", path, want)
	}
	return path
}

func TestDataMovesWithItsDataset(t *testing.T) {
	for name, agent := range map[string]flockertest.Agent{
		"loopback":  {Backend: flockertest.Loopback},
		"directory": {Backend: flockertest.Directory},
		"no mount":  {Backend: flockertest.Directory, NoMount: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := startCluster(t, agent)
			id, path := c.create(t, node1)
			entries, err := os.ReadDir(path)
			if err != nil || len(entries) > 0 {
				t.Errorf("a new dataset holds %v, %v", entries, err)
			}
			if err := os.WriteFile(filepath.Join(path, "file"), []byte("data"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, node := range []string{node2, node1, node2} {
				c.Move(id, node)
				path = c.mounted(t, id, node)
			}
			if data, err := os.ReadFile(filepath.Join(path, "file")); string(data) != "data" {
				t.Errorf("after three moves: %q, %v", data, err)
			}
			checkModes(t, path)
			left := filepath.Join(c.roots[node1], id)
			if entries, err := os.ReadDir(left); err != nil || len(entries) > 0 {
				t.Errorf("the directory that was left: %v, %v", entries, err)
			}
		})
	}
}

func checkModes(t *testing.T, path string) {
	t.Helper()
	for p, want := range map[string]os.FileMode{path: 0o777, filepath.Dir(path): 0o700} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; not %v", p, info.Mode(), err, want)
		}
	}
}

func TestBusyFilesystemStaysUntilItsLastUserIsGone(t *testing.T) {
	c := startCluster(t, flockertest.Agent{})
	id, path := c.create(t, node1)
	f, err := os.Create(filepath.Join(path, "open"))
	if err != nil {
		t.Fatal(err)
	}
	c.Move(id, node2)
	other, _ := c.create(t, node1) // gives the agent rounds enough to try
	c.Move(other, node2)
	c.mounted(t, other, node2)
	if _, err := f.WriteString("still here"); err != nil {
		t.Fatal(err)
	}
	for _, d := range c.States() {
		if d.ID == id && d.Primary != node1 {
			t.Fatalf("a busy dataset left: %+v", d)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	path = c.mounted(t, id, node2)
	if data, err := os.ReadFile(filepath.Join(path, "open")); string(data) != "still here" {
		t.Errorf("%q, %v", data, err)
	}
}

// TestLoopDeviceIsDetachedLazily shows the fault that the project is built
// around, so that nobody repairs it here by accident.
func TestLoopDeviceIsDetachedLazily(t *testing.T) {
	c := startCluster(t, flockertest.Agent{})
	id, path := c.create(t, node1)
	ctx, cancel := context.WithCancel(t.Context())
	doubles := flockertest.WatchDoubleAttach(ctx, c.pool())
	release := holdCopy(t, path)
	c.Move(id, node2)
	c.mounted(t, id, node2)
	devices, err := flockertest.Backing()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for image, minors := range devices {
		if strings.HasPrefix(filepath.Base(image), id) {
			n += len(minors)
		}
	}
	if n != 2 {
		t.Errorf("the image is behind %d loop devices, want two", n)
	}
	select {
	case image := <-doubles:
		if !strings.HasPrefix(filepath.Base(image), id) {
			t.Errorf("the oracle named %s", image)
		}
	case <-brief(t).Done():
		t.Error("the oracle saw nothing")
	}
	cancel()
	for image := range doubles {
		t.Errorf("the oracle named %s too", image)
	}
	release()
}

// holdCopy keeps a copy of the mount alive where no umount of the agent's
// namespace finds it: in a process with a namespace of its own.
func holdCopy(t *testing.T, path string) (release func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Access(path, 4); err != nil {
		t.Fatal(err)
	}
	return func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestSecondMountHidesTheFirst shows the other half of the fault: the agent keeps
// one mount for each device, the last, and detaches under all others.
func TestSecondMountHidesTheFirst(t *testing.T) {
	c := startCluster(t, flockertest.Agent{})
	id, path := c.create(t, node1)
	second := t.TempDir()
	if err := unix.Mount(path, second, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	c.Move(id, node2)
	c.mounted(t, id, node2)
	if mounts, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter(path)); err != nil || len(mounts) != 1 {
		t.Errorf("the first mount was unmounted: %v, %v", mounts, err)
	}
	if err := unix.Unmount(second, 0); err != nil {
		t.Error(err)
	}
}
