package listener_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/volumes/listener"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// roleVariable and socketVariable make the test program do something else with a
// socket: listen at it, ask who does, or just have it open.
const (
	roleVariable   = "LISTENER_TEST_ROLE"
	socketVariable = "LISTENER_TEST_SOCKET"
)

// The tests are process 1 of a PID namespace, with a /proc of its own: theirs is
// the service manager's part.
func TestMain(m *testing.M) {
	socket := os.Getenv(socketVariable)
	switch os.Getenv(roleVariable) {
	case "ask":
		_, err := listener.PID(context.Background(), socket)
		fmt.Println(errors.Is(err, listener.ErrHidden), err)
	case "listen":
		l, err := net.Listen("unix", socket)
		fmt.Println(err)
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the test has ended
		_ = l.Close()
	case "hold":
		fmt.Println("what it was given")
		_, _ = os.Stdin.Read(make([]byte, 1))
	default:
		os.Exit(mountstest.Main(m))
	}
}

// role starts the test program as one, and returns its number and first line.
func role(t *testing.T, name, socket string, namespaces uintptr, files ...*os.File) (pid int, line string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVariable+"="+name, socketVariable+"="+socket)
	cmd.ExtraFiles = files
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	line, err = bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid, line
}

// listenAt makes a socket in this process, which is process 1.
func listenAt(t *testing.T, socket string) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A real engine, whose socket process 1 made and keeps: the engine is found, also
// by another name of the socket, and its successor when it is started again.
func TestActivatedEngine(t *testing.T) {
	e, err := dockertest.Start(t.Context(), dockertest.Options{Activated: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	link := filepath.Join(t.TempDir(), "run")
	if err := os.Symlink(e.Dir, link); err != nil {
		t.Fatal(err)
	}
	wantPID(t, e.Socket, e.PID())
	wantPID(t, filepath.Join(link, "sock"), e.PID())
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	wantPID(t, e.Socket, os.Getpid()) // nobody else has it
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantPID(t, e.Socket, e.PID())
}

func wantPID(t *testing.T, socket string, want int) {
	t.Helper()
	if pid, err := listener.PID(t.Context(), socket); err != nil || pid != want {
		t.Errorf("at %s answers process %d, %v; want %d", socket, pid, err, want)
	}
}

// A process that made its socket itself is asked for nowhere else.
func TestItsOwn(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	pid, _ := role(t, "listen", socket, 0)
	wantPID(t, socket, pid)
	own := filepath.Join(t.TempDir(), "own")
	listenAt(t, own)
	wantPID(t, own, os.Getpid())
}

func TestHidden(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	listenAt(t, socket)
	_, said := role(t, "ask", socket, unix.CLONE_NEWPID)
	if !strings.HasPrefix(said, "true ") || !strings.Contains(said, "another PID namespace") {
		t.Errorf("asked from another PID namespace: %s", said)
	}
}

func TestNobody(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	if pid, err := listener.PID(t.Context(), socket); err == nil || errors.Is(err, listener.ErrHidden) || !strings.Contains(err.Error(), socket) {
		t.Errorf("process %d, %v", pid, err)
	}
}

// The kernel's table has a socket that was replaced as well, under the same path.
func TestReplaced(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	listenAt(t, socket)
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	file, err := listenAt(t, socket).File()
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := role(t, "hold", socket, 0, file)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	wantPID(t, socket, pid)
}
