package keep_test

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

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/keep"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

func TestMain(m *testing.M) {
	if os.Args[0] == keep.FinishName {
		finish()
		return
	}
	if dir := os.Getenv(executorVariable); dir != "" {
		os.Exit(executor(dir))
	}
	os.Exit(mountstest.Main(m))
}

// executorVariable makes the test program an executor.
const executorVariable = "KEEP_TEST_EXECUTOR"

// executor leaves a keeper, which has dropped its first file, and dies.
func executor(dir string) int {
	k, err := begin(context.Background(), dir)
	if err == nil {
		err = k.Drop(context.Background(), 0)
	}
	if err == nil {
		err = unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	fmt.Println(err)
	return 1
}

// begin starts a keeper with two files of dir.
func begin(ctx context.Context, dir string) (*keep.Keeper, error) {
	var files []*os.File
	for _, name := range []string{"a", "b"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		files = append(files, f)
	}
	return keep.Start(ctx, keep.Config{Argument: filepath.Join(dir, "said"), Env: []string{"FROM=executor"}, Files: files})
}

// finish writes down what a dead executor's keeper has come to have.
func finish() {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", keep.FirstFile))
	second, again := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", keep.FirstFile+1))
	said := fmt.Sprintf("%s %s %s %v %v", os.Getenv("FROM"), name, second, err, again)
	if err := os.WriteFile(os.Args[1]+".new", []byte(said), 0o600); err == nil {
		_ = os.Rename(os.Args[1]+".new", os.Args[1])
	}
}

// start starts a keeper with two files of a new folder.
func start(t *testing.T) (k *keep.Keeper, pid int, dir string) {
	t.Helper()
	dir = t.TempDir()
	k, err := begin(t.Context(), dir)
	must(t, err)
	t.Cleanup(func() { _ = k.Done(context.Background()) })
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range found {
		if data, _ := os.ReadFile(file); strings.HasPrefix(string(data), "flocker-keeper\x00"+dir) {
			_, err := fmt.Sscanf(file, "/proc/%d/", &pid)
			must(t, err)
		}
	}
	if pid == 0 {
		t.Fatal("there is no keeper")
	}
	return k, pid, dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open lists what files of dir a process has open.
func open(pid int, dir string) (names []string) {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		if name, err := os.Readlink(link); err == nil && strings.HasPrefix(name, dir) {
			names = append(names, filepath.Base(name))
		}
	}
	return names
}

func TestDrop(t *testing.T) {
	k, pid, dir := start(t)
	if have := open(pid, dir); len(have) != 2 {
		t.Errorf("it has %q open", have)
	}
	for range 2 {
		must(t, k.Drop(t.Context(), 0))
		if have := open(pid, dir); len(have) != 1 || have[0] != "b" {
			t.Errorf("it has %q open", have)
		}
	}
	for range 2 {
		must(t, k.Done(t.Context()))
	}
	if have := open(pid, dir); len(have) != 0 {
		t.Errorf("it has %q open", have)
	}
	if _, err := os.Stat(filepath.Join(dir, "said")); err == nil {
		t.Error("it has finished what was in order")
	}
}

// One that is stopped, or killed, has nothing open afterwards.
func TestKeeperDoesNotAnswer(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGSTOP, unix.SIGKILL} {
		k, pid, dir := start(t)
		must(t, unix.Kill(pid, sig))
		must(t, k.Drop(t.Context(), 0))
		select {
		case <-k.Gone():
		case <-time.After(5 * time.Second):
			t.Error("it is not gone")
		}
		if have := open(pid, dir); len(have) != 0 {
			t.Errorf("it has %q open", have)
		}
	}
}

func TestTooManyFiles(t *testing.T) {
	_, err := keep.Start(t.Context(), keep.Config{Files: make([]*os.File, 251)})
	if err == nil || !strings.Contains(err.Error(), "at most 250") {
		t.Error(err)
	}
}

// An executor's death leaves all but what was dropped to who finishes.
func TestFinish(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), executorVariable+"="+dir)
	if out, err := cmd.CombinedOutput(); err == nil || !cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		t.Fatalf("the executor: %v: %s", err, out)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(10 * time.Second); ; {
		said, err := os.ReadFile(filepath.Join(dir, "said"))
		if err == nil {
			if want := "executor /dev/null " + filepath.Join(dir, "b") + " <nil> <nil>"; string(said) != want {
				t.Errorf("it found %q, want %q", said, want)
			}
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("nobody has finished")
		}
	}
}
