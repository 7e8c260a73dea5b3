package mounts_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// helper names what the test program does instead of testing when it is started
// in another namespace, and helperDataset the dataset it does it with.
const (
	helper        = "MOUNTS_TEST_HELPER"
	helperDataset = "MOUNTS_TEST_DATASET"
)

func init() {
	if name := os.Getenv(helper); name == "dying" || name == "headless" {
		runtime.LockOSThread() // the main thread, which has to end
	}
}

func TestMain(m *testing.M) {
	if name := os.Getenv(helper); name != "" {
		fmt.Println(help(name, os.Getenv(helperDataset)))
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(mountstest.Main(m))
}

// help returns the line that the test reads.
func help(name, dataset string) string {
	switch name {
	case "headless":
		return headless()
	case "dying":
		return dying()
	case "child of dying":
		awaitHeadless(os.Getppid())
		name = "find"
	case "wait":
		_, err := mounts.Wait(context.Background(), dataset)
		return fmt.Sprint(err)
	}
	m, found, err := mounts.Find(dataset)
	switch {
	case err != nil:
		return "refused: " + err.Error()
	case !found:
		return "not found"
	case name == "find":
		return "found"
	}
	if _, err := mounts.Pin(m); err != nil {
		return err.Error()
	}
	return "pinned"
}

// headless leaves the process without its main thread; another one lives on in
// a private mount namespace.
func headless() string {
	ready := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS)
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		ready <- err
		awaitHeadless(os.Getpid())
		fmt.Println("headless")
		_, _ = unix.Read(0, make([]byte, 1))
		os.Exit(0)
	}()
	if err := <-ready; err != nil {
		return err.Error()
	}
	_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
	return ""
}

// dying leaves the process without its main thread, as a killed agent is for a
// moment, and has a child look for the dataset meanwhile.
func dying() string {
	child := exec.Command("/proc/self/exe")
	child.Env = append(os.Environ(), helper+"=child of dying")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		return err.Error()
	}
	go func() {
		_ = child.Wait()
		os.Exit(0)
	}()
	_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
	return ""
}

// awaitHeadless polls: nothing signals the end of a main thread.
func awaitHeadless(pid int) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", pid)); err != nil {
			return
		}
	}
}

// inSpace runs a helper in a new mount namespace.
func inSpace(t *testing.T, flags []string, name, dataset string) *mountstest.Space {
	t.Helper()
	t.Setenv(helper, name)
	t.Setenv(helperDataset, dataset)
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return mountstest.Unshare(t, flags, program)
}

func mounted(t *testing.T) (*mountstest.Dataset, mounts.Mount) {
	t.Helper()
	d := mountstest.NewDataset(t)
	point := d.Mount(t, t.TempDir())
	m, found, err := mounts.Find(d.ID)
	if err != nil || !found || m.Point != point {
		t.Fatalf("Find = %+v, %v, %v; it is mounted at %s", m, found, err, point)
	}
	return d, m
}
