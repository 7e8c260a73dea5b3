package contain_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
)

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func spec(t *testing.T, isolation, script string) contain.Spec {
	t.Helper()
	return contain.Spec{
		Dir: filepath.Join(t.TempDir(), "containers", "c1"), Isolation: isolation, Sandbox: t.TempDir(),
		Shell: true, Value: script, Env: []string{path},
	}
}

func start(t *testing.T, s contain.Spec) *contain.Container {
	t.Helper()
	c, err := contain.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wait(t *testing.T, c *contain.Container) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status, err := c.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func TestStatus(t *testing.T) {
	for _, isolation := range []string{contain.Posix, contain.Linux} {
		for _, row := range []struct {
			name   string
			change func(*contain.Spec)
			want   int
		}{
			{"exit 0", func(s *contain.Spec) { s.Value = "exit 0" }, 0},
			{"exit 7", func(s *contain.Spec) { s.Value = "exit 7" }, 7 << 8},
			{"killed", func(s *contain.Spec) { s.Value = "kill -9 $$" }, 9},
			{"terminated", func(s *contain.Spec) { s.Value = "kill -15 $$" }, 15},
			{"unknown to the shell", func(s *contain.Spec) { s.Value = "/no/such/program" }, 127 << 8},
			{"unknown without shell", func(s *contain.Spec) { s.Shell, s.Value = false, "/no/such/program" }, 256256},
			{"found along PATH", func(s *contain.Spec) { s.Shell, s.Value, s.Arguments = false, "false", []string{"false"} }, 1 << 8},
		} {
			t.Run(isolation+"/"+row.name, func(t *testing.T) {
				s := spec(t, isolation, "")
				row.change(&s)
				c := start(t, s)
				if err := c.Open(); err != nil {
					t.Fatal(err)
				}
				if got := wait(t, c); got != row.want {
					t.Errorf("status %d, want %d", got, row.want)
				}
				if err := c.Remove(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestWithoutTheWordNothingStarts(t *testing.T) {
	s := spec(t, contain.Posix, "touch started")
	c := start(t, s)
	if err := c.Shut(); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, c); got != 256 {
		t.Errorf("status %d, want 256", got)
	}
	if _, err := os.Stat(filepath.Join(s.Sandbox, "started")); err == nil {
		t.Error("the executor was started")
	}
	text, err := os.ReadFile(filepath.Join(s.Sandbox, "stderr"))
	if err != nil || string(text) != "Failed to synchronize with agent (it's probably exited)\n" {
		t.Errorf("stderr %q, %v", text, err)
	}
}

func TestSignalsReachTheExecutor(t *testing.T) {
	s := spec(t, contain.Posix, `trap 'exit 42' TERM; touch ready; while :; do sleep 0.01; done`)
	c := start(t, s)
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { _, err := os.Stat(filepath.Join(s.Sandbox, "ready")); return err == nil })
	if err := syscall.Kill(c.PID(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, c); got != 42<<8 {
		t.Errorf("status %d, want %d", got, 42<<8)
	}
}

func TestNothingElseIsInherited(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	stray, err := syscall.Dup(int(writer.Fd())) // without close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(stray)
	s := spec(t, contain.Posix, "ls -l /proc/self/fd > fds")
	c := start(t, s)
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	wait(t, c)
	text, err := os.ReadFile(filepath.Join(s.Sandbox, "fds"))
	if err != nil || strings.Contains(string(text), "pipe:") {
		t.Errorf("descriptors of the executor, %v:\n%s", err, text)
	}
}

func TestRecover(t *testing.T) {
	s := spec(t, contain.Posix, "exec sleep 7005")
	c := start(t, s)
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	found, err := contain.Recover(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !found.Alive() || found.PID() != c.PID() {
		t.Errorf("recovered pid %d, alive %v; want %d", found.PID(), found.Alive(), c.PID())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := found.Wait(ctx); err == nil {
		t.Error("Wait did not end with its context")
	}
	c.Kill()
	if got := wait(t, c); got != 9 {
		t.Errorf("status %d, want 9", got)
	}
	gone, err := contain.Recover(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if gone.Alive() {
		t.Error("a dead helper counts as alive")
	}
	if got := wait(t, gone); got != 9 {
		t.Errorf("recovered status %d, want 9", got)
	}
}

func TestLinuxNamespaces(t *testing.T) {
	source := filepath.Join(t.TempDir(), "boot_id")
	if err := os.WriteFile(source, []byte("faked\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := spec(t, contain.Linux, `
cat /proc/sys/kernel/random/boot_id > boot_id
echo $$ > pid
grep -c shared: /proc/self/mountinfo > shared
mkdir dst && mount --bind /etc dst`)
	s.ProcBinds = []contain.Bind{{Source: source, Target: "/proc/sys/kernel/random/boot_id"}}
	c := start(t, s)
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, c); got != 0 {
		text, _ := os.ReadFile(filepath.Join(s.Sandbox, "stderr"))
		t.Fatalf("status %d: %s", got, text)
	}
	for file, want := range map[string]string{"boot_id": "faked\n", "shared": "0\n"} {
		if text, err := os.ReadFile(filepath.Join(s.Sandbox, file)); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v; want %q", file, text, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(s.Sandbox, "dst", "passwd")); err == nil {
		t.Error("the container's mount reached the node")
	}
}

// eventually polls, because nothing signals what a shell script has done.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 10 s")
		}
	}
}
