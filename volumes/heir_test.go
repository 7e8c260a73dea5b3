package volumes_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/keep"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// containerVariable makes an executor's task a container, without volumes when it
// is "none", and with another one when it is "two".
const containerVariable = "VOLUMES_TEST_CONTAINER"

// mapped is where a container sees its sandbox.
func mapped(dir string) string { return filepath.Join(dir, "mapped") }

// writing is a container's program: it writes to its volume until the file "go"
// is in its sandbox.
const writing = `echo $$ > data/pid; while ! test -e go; do echo x >> data/log; done`

// containerOptions are those of a task in a container.
func containerOptions(dir, task string, s volumes.Store) volumes.Options {
	o := options(dir, task, s)
	if _, err := os.Stat(filepath.Join(dir, "impatient")); err == nil {
		o.ReleaseTimeout = 300 * time.Millisecond
	}
	o.Mapped = mapped(dir)
	o.RemoveContainer = cluster{dir}.removeContainer
	// Where races are looked for, every process would wait for a second at its end.
	o.FinishEnv = []string{childVariable + "=" + dir, "PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}
	if failpoint.Enabled {
		o.FinishEnv = append(o.FinishEnv, failpoint.Variable+"="+os.Getenv(failpoint.Variable))
	}
	return o
}

// containerChild is an executor whose task is a container.
func containerChild(dir, which string) int {
	ctx := context.Background()
	log, err := zap.NewDevelopment()
	check(err)
	o := containerOptions(dir, "child", store{cluster: cluster{dir}, node: here, fault: unlessFile(dir, "no-")})
	o.Log = log
	vols, script := []volumes.Volume{vol("data")}, writing
	switch which {
	case "none":
		vols, script = nil, "while ! test -e go; do :; done"
	case "two":
		vols = append(vols, logs())
	}
	h, err := volumes.Hold(ctx, o, vols, nil)
	if err != nil {
		fmt.Println("hold:", err)
		return 1
	}
	body := newStandIn(dir, "child", script)
	body.at = func(step string) {
		if err := unlessFile(dir, "hang-")(step); err != nil {
			check(os.WriteFile(filepath.Join(dir, "hanging"), nil, 0o600))
			select {}
		}
	}
	return toItsEnd(ctx, dir, h, h.StartContainer(ctx, body))
}

// unlessFile has requests refused whose name is that of a file in dir, after prefix.
func unlessFile(dir, prefix string) func(request string) error {
	return func(request string) error {
		if _, err := os.Stat(filepath.Join(dir, prefix+request)); err == nil {
			return fmt.Errorf("connection refused")
		}
		return nil
	}
}

// heir is what the keeper of a dead executor becomes.
func heir(dir string) int {
	log, err := zap.NewDevelopment()
	check(err)
	o := containerOptions(dir, "", store{cluster: cluster{dir}, node: here, fault: unlessFile(dir, "later-no-")})
	o.Log = log
	if err := volumes.Finish(context.Background(), o, os.Args[1]); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// containerExecutor starts one, with a container. What it and its keeper say goes
// to a file.
func (w *world) containerExecutor(which string, env ...string) *executor {
	w.t.Helper()
	out, err := os.Create(w.path("out"))
	must(w.t, err)
	defer out.Close()
	e := &executor{cmd: exec.Command("/proc/self/exe"), done: make(chan struct{})}
	e.cmd.Env = append(append(os.Environ(), childVariable+"="+w.dir, containerVariable+"="+which), env...)
	e.cmd.Stdout, e.cmd.Stderr = out, out
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	must(w.t, e.cmd.Start())
	go func() {
		defer close(e.done)
		_ = e.cmd.Wait()
	}()
	w.t.Cleanup(func() {
		_ = e.cmd.Process.Kill()
		<-e.done
		if e.keeper != 0 {
			_ = killed(e.keeper)
		}
		_ = os.Remove(w.path("away"))
		_ = w.cluster.removeContainer(context.Background(), engineSocket(w.dir), "child")
		if w.t.Failed() {
			said, _ := os.ReadFile(w.path("out"))
			w.t.Logf("the executor and its keeper said: %s", said)
		}
	})
	return e
}

// keepers are the keepers there are. One that becomes what finishes, and keeps
// its number, may be neither for a moment.
func keepers() (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		data, _ := os.ReadFile(file)
		name, _, _ := strings.Cut(string(data), "\x00")
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && (name == "flocker-keeper" || name == keep.FinishName) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// keeper is the only one.
func keeper(t testing.TB) int {
	t.Helper()
	pids := keepers()
	if len(pids) != 1 {
		t.Fatalf("%d keepers", len(pids))
	}
	return pids[0]
}

// ends waits until a keeper has ended.
func ends(t testing.TB, pid int) {
	t.Helper()
	eventually(t, "the keeper has ended", func() bool {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(data), ") Z ")
	})
}

// engine serves the engine's socket in this process.
func (w *world) engine() {
	w.t.Helper()
	must(w.t, os.Mkdir(mapped(w.dir), 0o755))
	fd := listen(w.dir)
	w.t.Cleanup(func() { _ = unix.Close(fd) })
}

func listen(dir string) (fd int) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	check(err)
	check(unix.Bind(fd, &unix.SockaddrUnix{Name: engineSocket(dir)}))
	check(unix.Listen(fd, 16))
	return fd
}

// engineElsewhere serves it in a mount namespace of its own.
func (w *world) engineElsewhere() {
	w.t.Helper()
	w.t.Setenv(childVariable, w.dir)
	w.t.Setenv(containerVariable, "engine")
	self, err := os.Executable()
	must(w.t, err)
	mountstest.Unshare(w.t, []string{"--propagation=private"}, self)
}

func engineChild(dir string) int {
	fd := listen(dir)
	fmt.Println("ready")
	_, _ = os.Stdin.Read(make([]byte, 1))
	check(unix.Close(fd))
	return 0
}
