package flockertest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"golang.org/x/sys/unix"
)

// asNode holds the agent of a node that this process is to be.
const asNode = "FLOCKERTEST_NODE"

// beNode is the main function of a node: an agent in mount and PID namespaces of
// its own, until SIGTERM.
func beNode(config string) int {
	var a flockertest.Agent
	steps := []func() error{
		func() error { return json.Unmarshal([]byte(config), &a) },
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		dropCopies,
		func() error { return unix.Mount("proc", "/proc", "proc", 0, "") },
		// The mount that images are opened through goes with the namespace.
		func() error { return unix.Mount(a.Pool, a.Pool, "", unix.MS_BIND, "") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			fmt.Fprintln(os.Stderr, "node:", err)
			return 1
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := a.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		return 1
	}
	return 0
}

// startNode runs a node as a child process, killed at the end of the test.
func startNode(t *testing.T, s *flockertest.Service, a flockertest.Agent) *exec.Cmd {
	t.Helper()
	a.ServiceURL = s.AgentURL()
	config, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asNode+"="+string(config))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if err := s.WaitNode(brief(t), a.UUID); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestNodesInTheirOwnNamespaces has two nodes that use the same storage root and
// see nothing of each other's mounts.
func TestNodesInTheirOwnNamespaces(t *testing.T) {
	dir := t.TempDir()
	root, pool := filepath.Join(dir, "flocker"), filepath.Join(dir, "pool")
	if err := os.Mkdir(pool, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nothingLeft(t, dir) })
	s := &flockertest.Service{Nodes: []flockertest.Node{}}
	start(t, s)
	nodes, agents := map[string]*exec.Cmd{}, map[string]flockertest.Agent{}
	for _, n := range flockertest.DefaultNodes() {
		agents[n.UUID] = flockertest.Agent{UUID: n.UUID, Host: n.Host, Era: n.Era, Root: root, Pool: pool, CleanUp: true}
		nodes[n.UUID] = startNode(t, s, agents[n.UUID])
	}
	id := s.Create(flockertest.Dataset{Primary: node1, MaximumSize: 64 << 20})[0]
	inNode := func(node, name string) string { return seenBy(t, s, nodes[node].Process.Pid, id, node, name) }
	if err := os.WriteFile(inNode(node1, "file"), []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Join(root, id)); err != nil || len(entries) > 0 {
		t.Errorf("the machine sees %v, %v", entries, err)
	}
	s.Move(id, node2)
	holds(t, inNode(node2, "file"))
	doubles := flockertest.WatchDoubleAttach(t.Context(), pool)
	kill(t, nodes[node2])
	s.ForgetNode(node2)
	nodes[node2] = startNode(t, s, agents[node2])
	holds(t, inNode(node2, "file"))
	select {
	case image := <-doubles:
		t.Errorf("%s is behind two loop devices", image)
	default:
	}
	killed(t, nodes[node2], pool, id)
	orderly(t, nodes[node1])
}

// seenBy is the path of a dataset's file as the process of a node sees it, once
// the dataset is mounted there.
func seenBy(t *testing.T, s *flockertest.Service, pid int, id, node, name string) string {
	t.Helper()
	path, err := s.WaitMounted(brief(t), id, node)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("/proc/%d/root%s/%s", pid, path, name)
}

func holds(t *testing.T, file string) {
	t.Helper()
	if data, err := os.ReadFile(file); string(data) != "data" {
		t.Errorf("%s holds %q, %v", file, data, err)
	}
}

// killed kills a node that has a dataset, which leaves its loop device to Sweep.
func killed(t *testing.T, node *exec.Cmd, pool, id string) {
	t.Helper()
	kill(t, node)
	if !attached(t, id) {
		t.Error("a killed node left nothing attached")
	}
	for range 2 {
		if err := flockertest.Sweep(pool); err != nil {
			t.Error(err)
		}
	}
	if attached(t, id) {
		t.Error("still attached after a sweep")
	}
}

func kill(t *testing.T, node *exec.Cmd) {
	t.Helper()
	if err := node.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = node.Wait()
}

func attached(t *testing.T, id string) bool {
	t.Helper()
	devices, err := flockertest.Backing()
	if err != nil {
		t.Fatal(err)
	}
	for image := range devices {
		if strings.HasPrefix(filepath.Base(image), id) {
			return true
		}
	}
	return false
}

// orderly stops a node and expects it to say that all is undone.
func orderly(t *testing.T, node *exec.Cmd) {
	t.Helper()
	if err := node.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := node.Wait(); err != nil {
		t.Errorf("node: %v", err)
	}
}

func TestCleanUpUndoesEverything(t *testing.T) {
	for _, backend := range []string{flockertest.Loopback, flockertest.Directory} {
		t.Run(backend, func(t *testing.T) {
			c := startCluster(t, flockertest.Agent{Backend: backend, CleanUp: true})
			c.create(t, node1)
			id, path := c.create(t, node1)
			if err := os.WriteFile(filepath.Join(path, "file"), []byte("data"), 0o600); err != nil {
				t.Fatal(err)
			}
			c.halt(t, node1)
			nothingLeft(t, c.dir)
			c.ForgetNode(node1)
			c.run(t, c.agents[node1])
			path = c.mounted(t, id, node1)
			if data, err := os.ReadFile(filepath.Join(path, "file")); string(data) != "data" {
				t.Errorf("after another start: %q, %v", data, err)
			}
		})
	}
}
