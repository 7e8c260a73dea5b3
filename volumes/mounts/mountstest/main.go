package mountstest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const inside = "MOUNTSTEST_INSIDE"

// Main runs a package's tests in a new mount and PID namespace that looks like a
// node of its own: / is recursively shared, /proc is its own, and nothing that a
// test mounts or starts outlives it or is seen outside. It fails when a mount or
// a process is left. A TestMain calls it:
//
//	func TestMain(m *testing.M) { os.Exit(mountstest.Main(m)) }
func Main(m *testing.M) int {
	var err error
	if os.Getenv(inside) == "" {
		err = again()
	} else if err = furnish(); err == nil {
		return checked(m.Run)
	}
	var status *exec.ExitError
	if errors.As(err, &status) && status.ExitCode() >= 0 {
		return status.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mountstest:", err)
		return 1
	}
	return 0
}

// again runs this test program in new namespaces.
func again() error {
	if os.Geteuid() != 0 {
		return errors.New("these tests make mounts and namespaces: run them as root")
	}
	runtime.LockOSThread() // the death signal follows the thread
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	return cmd.Run()
}

// furnish makes the namespaces a node: cut off from the machine, shared below.
func furnish() error {
	if err := os.Unsetenv(inside); err != nil {
		return err
	}
	for _, propagation := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", unix.MS_REC|propagation, ""); err != nil {
			return fmt.Errorf("change the propagation of /: %w", err)
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}
