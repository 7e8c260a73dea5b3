package flockertest_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

const inNamespace = "FLOCKERTEST_IN_NAMESPACE"

// TestMain runs the tests in a mount namespace of their own. Otherwise any process
// that makes a namespace beside them copies their mounts, and what was unmounted
// lives on there.
func TestMain(m *testing.M) {
	if config := os.Getenv(asNode); config != "" {
		os.Exit(beNode(config))
	}
	if os.Getenv(inNamespace) == "" {
		os.Exit(again())
	}
	if err := dropCopies(); err != nil {
		fmt.Fprintln(os.Stderr, "these tests need root and a Linux with loop devices:", err)
		os.Exit(1)
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // the replays mostly wait
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if left := goroutinesLeft(); code == 0 && left != "" {
		fmt.Fprintln(os.Stderr, "goroutines left:\n"+left)
		code = 1
	}
	os.Exit(code)
}

// again runs this test binary in a new mount namespace.
func again() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the death signal follows the thread
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "these tests need root, for a mount namespace of their own:", err)
		return 1
	}
	return 0
}

// dropCopies lets go of the filesystems of other tests that the new namespace got
// a copy of.
func dropCopies() error {
	mounts, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) { return i.Major != 7, false })
	if err != nil {
		return err
	}
	for i := len(mounts) - 1; i >= 0; i-- {
		if err := unix.Unmount(mounts[i].Mountpoint, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return err
		}
	}
	_, err = os.Stat("/dev/loop-control")
	return err
}

// goroutinesLeft waits for the goroutines of the package to end and returns those
// that do not.
func goroutinesLeft() string {
	deadline := time.Now().Add(5 * time.Second)
	for {
		var left []string
		buffer := make([]byte, 1<<20)
		for _, g := range strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
			if strings.Contains(g, "flocker/flockertest.") {
				left = append(left, g)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
		until(time.Now().Add(10 * time.Millisecond))
	}
}
