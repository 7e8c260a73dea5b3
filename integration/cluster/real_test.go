//go:build mesos

package cluster

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func TestCommandLines(t *testing.T) {
	base := mesosConfig{Master: "http://127.0.0.1:5050", Port: 5051, CPUs: 8, Mem: 4096, Ports: "31000-31099", Environment: map[string]string{"A": "b"}}
	common := []string{
		"/m/mesos-agent", "--master=127.0.0.1:5050", "--ip=127.0.0.1", "--port=5051", "--hostname=node-1",
		"--work_dir=/c/node-1/mesos/work", "--runtime_dir=/c/node-1/mesos/run", "--fetcher_cache_dir=/c/node-1/mesos/fetch",
		"--launcher_dir=/m", "--no-systemd_enable_support", "--resources=cpus:8;mem:4096;disk:8192;ports:[31000-31099]",
		`--executor_environment_variables={"A":"b"}`,
	}
	posix := []string{"--launcher=posix", "--isolation=posix/cpu,posix/mem"}
	for name, c := range map[string]struct {
		change func(*mesosConfig)
		want   []string
	}{
		"posix":    {func(*mesosConfig) {}, posix},
		"linux":    {func(c *mesosConfig) { c.Isolation = "linux" }, []string{"--launcher=linux", "--isolation=filesystem/linux,cgroups/cpu", "--cgroups_root=c.node-1"}},
		"tokens":   {func(c *mesosConfig) { c.Tokens = true }, append(posix[:2:2], "--authenticate_http_executors", "--http_authenticators=jwt", "--jwt_secret_key=/c/node-1/jwt.key")},
		"sockets":  {func(c *mesosConfig) { c.DomainSocket = true }, append(posix[:2:2], "--http_executor_domain_sockets", "--domain_socket_location=/c/node-1/mesos/run/agent.sock")},
		"recovery": {func(c *mesosConfig) { c.RecoveryTimeout = 2 * time.Second }, append(posix[:2:2], "--recovery_timeout=2000ms")},
	} {
		t.Run(name, func(t *testing.T) {
			config := nodeConfig{Name: "node-1", Dir: "/c/node-1", Mesos: base}
			c.change(&config.Mesos)
			if diff := cmp.Diff(append(common[:len(common):len(common)], c.want...), agentCommand("/m", config, "c.node-1")); diff != "" {
				t.Error(diff)
			}
		})
	}
	want := []string{"/m/mesos-master", "--ip=127.0.0.1", "--port=5050", "--hostname=127.0.0.1", "--work_dir=/c/master/mesos/work", "--registry=in_memory", "--allocation_interval=200ms"}
	if diff := cmp.Diff(want, masterCommand("/m", nodeConfig{Name: "master", Dir: "/c/master"}, 5050)); diff != "" {
		t.Error(diff)
	}
}

func TestVariants(t *testing.T) {
	o := Options{}
	if err := o.vary("linux,tokens domain-sockets"); err != nil || o.Isolation != "linux" || !o.Tokens || !o.DomainSocket {
		t.Errorf("%+v (%v)", o, err)
	}
	o = Options{Isolation: "posix"}
	if err := o.vary("linux"); err != nil || o.Isolation != "posix" {
		t.Errorf("%+v (%v), want the test's own isolation", o, err)
	}
	if err := o.vary("windows"); err == nil || !strings.Contains(err.Error(), `"windows"`) {
		t.Errorf("error %v", err)
	}
}

func TestBinariesMissing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mesos-master"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mesos-agent"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"":  "MESOS_BIN is not set",
		dir: "MESOS_BIN " + dir + " has no executable mesos-agent, mesos-containerizer, mesos-fetcher",
	} {
		if _, err := binaries(given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("MESOS_BIN=%q: %v, want %q", given, err, want)
		}
	}
}

// standIn makes a folder as $MESOS_BIN, with minimesos in Mesos' place.
func standIn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, programs[0])
	if out, err := exec.Command("go", "build", "-tags", "mesos", "-o", program, "./standin").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	for _, name := range programs[1:] {
		if err := os.Link(program, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func executor(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flocker-executor")
	if out, err := exec.Command("go", "build", "-o", path, "../../cmd/flocker-executor").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

// A cluster of daemons with Mesos' command lines comes up in every variant,
// runs a task, restarts an agent, and goes without leaving anything.
func TestStartReal(t *testing.T) {
	t.Setenv("MESOS_BIN", standIn(t))
	t.Setenv("MESOS_WORK_DIR", "/nowhere") // would be a flag to the daemons
	program := executor(t)
	for _, variant := range []string{"posix", "posix,tokens", "linux,domain-sockets"} {
		t.Run(strings.ReplaceAll(variant, ",", "-"), func(t *testing.T) {
			t.Setenv("MESOS_VARIANT", variant)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			before := table(t, "self")
			dir := t.TempDir()
			c, err := StartReal(ctx, Options{Nodes: 1, Executor: program, Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			useAndRestart(ctx, t, c)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v (%v)", left, err)
			}
			if after := table(t, "self"); len(after) != len(before) {
				t.Errorf("%d mounts on the machine, %d before", len(after), len(before))
			}
		})
	}
}

func useAndRestart(ctx context.Context, t *testing.T, c Cluster) {
	t.Helper()
	task := Task{ID: "t", Name: "t", Command: "while [ ! -e stop ]; do sleep 0.02; done", Labels: map[string]string{"flocker.volume": "d:data:size=64MiB"}}
	if err := c.Submit(ctx, task); err != nil {
		t.Error(err)
		return
	}
	wait := func(state mesos.TaskState) {
		got, err := c.Wait(ctx, "t", func(s mesos.TaskStatus) bool { return s.GetState() == state || s.GetState() == mesos.TASK_FAILED })
		if err != nil || got.GetState() != state {
			t.Errorf("task is %s (%s; %v), want %s", got.GetState(), got.GetMessage(), err, state)
		}
	}
	wait(mesos.TASK_RUNNING)
	if err := c.KillAgent(ctx, "node-1"); err != nil {
		t.Error(err)
	}
	if err := c.StartAgent(ctx, "node-1"); err != nil {
		t.Error(err)
	}
	sandbox, err := c.Sandbox(ctx, "t")
	if err != nil {
		t.Error(err)
		return
	}
	if err := os.WriteFile(filepath.Join(sandbox, "stop"), nil, 0o644); err != nil {
		t.Error(err)
	}
	wait(mesos.TASK_FINISHED)
}

// A daemon that ends instead of starting is reported at once, with its log.
func TestDaemonDies(t *testing.T) {
	dir := t.TempDir()
	for _, name := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho 'Failed to parse flags' >&2\nexit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("MESOS_BIN", dir)
	left := t.TempDir()
	_, err := StartReal(t.Context(), Options{Nodes: 1, Executor: "/bin/true", Dir: left})
	if err == nil || !strings.Contains(err.Error(), "Failed to parse flags") || !strings.Contains(err.Error(), "mesos-master") {
		t.Errorf("error %v", err)
	}
	if entries, err := os.ReadDir(left); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
}
