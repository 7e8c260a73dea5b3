package executor_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/executor"
)

const keepAliveChild = "KEEP_ALIVE_CHILD"

// TestKeepAliveChild is not a test of its own: it is TestKeepAlive in a network
// namespace with nothing but a loopback device, which is taken down.
func TestKeepAliveChild(t *testing.T) {
	if os.Getenv(keepAliveChild) == "" {
		return
	}
	loopback(t, true)
	a, address := newTCPAgent(t)
	e := environment()
	e.Endpoint = address
	s := executor.Open(t.Context(), e, transport(t, e), zaptest.NewLogger(t))
	defer s.Close()
	(<-a.streams).send(subscribed())
	wantEvent[executor.Subscribed](t, s)
	loopback(t, false)
	began := time.Now()
	wantEvent[executor.Disconnected](t, s)
	if took := time.Since(began); took < 10*time.Second || took > time.Minute {
		t.Errorf("the dead connection was noticed after %v", took)
	}
	loopback(t, true)
	(<-a.streams).send(subscribed())
	wantEvent[executor.Subscribed](t, s)
}

// A machine between us and the agent that is gone without a word: TCP keep-alive
// notices it within half a minute, though the agent says nothing for as long.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	child := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestKeepAliveChild$", "-test.v", "-test.timeout=2m")
	child.Env = append(os.Environ(), keepAliveChild+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestKeepAliveChild") {
		t.Errorf("%v: %s", err, out)
	}
}

// loopback takes the loopback device up or down.
func loopback(t *testing.T, up bool) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	request, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	if up {
		request.SetUint16(unix.IFF_UP)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		t.Fatal(err)
	}
}
