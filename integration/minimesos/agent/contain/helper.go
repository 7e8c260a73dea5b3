package contain

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	ossignal "os/signal"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// What a helper is called in the process list, as with real Mesos.
const (
	helperName = "mesos-containerizer"
	helperVerb = "launch"
)

// Exit statuses that a helper writes without having run anything.
const (
	statusNotStarted = 1 << 8    // exit 1: told nothing, or could not prepare
	statusNotFound   = 1001 << 8 // recorded for a program that does not exist; no valid wait status
)

// Descriptors a helper inherits.
const (
	fdGate   = 3
	fdStatus = 4
)

// Hook turns this process into a helper if it was started as one, and then never
// returns. It runs when the package is initialised; a program whose own
// initialisation is heavy may call it earlier.
func Hook() {
	if len(os.Args) == 2 && os.Args[0] == helperName && os.Args[1] == helperVerb {
		os.Exit(helper())
	}
}

func init() { Hook() }

// helper is the whole life of a helper; it returns its own exit code.
func helper() int {
	unix.CloseOnExec(fdGate)
	unix.CloseOnExec(fdStatus)
	closeInherited()
	unix.Umask(0o022)
	status := run(os.NewFile(fdGate, "gate"))
	if _, err := unix.Write(fdStatus, []byte(strconv.Itoa(status))); err != nil {
		fmt.Fprintf(os.Stderr, "Failed to write the exit status: %v\n", err)
	}
	if status != 0 {
		return 1
	}
	return 0
}

// closeInherited closes what whoever started the agent left open. All that this
// process has opened itself is close-on-exec, and so recognised.
func closeInherited() {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, name := range names {
		fd, err := strconv.Atoi(name.Name())
		if err != nil || fd <= fdStatus {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
}

func run(gate *os.File) int {
	spec, err := hear(gate)
	if err != nil {
		fmt.Fprintln(os.Stderr, "Failed to synchronize with agent (it's probably exited)")
		return statusNotStarted
	}
	signals := make(chan os.Signal, 16)
	ossignal.Notify(signals, forwarded()...)
	if err := prepare(spec); err != nil {
		fmt.Fprintf(os.Stderr, "Failed to prepare the container: %v\n", err)
		return statusNotStarted
	}
	path, argv, err := command(spec)
	if err == nil {
		var pid int
		pid, err = syscall.ForkExec(path, argv, &syscall.ProcAttr{Env: spec.Env, Files: []uintptr{0, 1, 2}})
		if err == nil {
			go forward(signals, pid)
			return reap(pid)
		}
	}
	fmt.Fprintf(os.Stderr, "Failed to execute command: %v\n", err)
	return statusNotFound
}

// hear waits for the spec, then for the agent's word to go on.
func hear(gate *os.File) (Spec, error) {
	var s Spec
	in := bufio.NewReader(gate)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(line, &s); err != nil {
		return s, err
	}
	_, err = in.ReadString('\n')
	return s, err
}

// prepare makes the namespaces and the user what the spec wants.
func prepare(s Spec) error {
	if s.Isolation == Linux {
		if err := isolate(s); err != nil {
			return err
		}
	}
	if s.User != nil {
		if err := become(*s.User); err != nil {
			return err
		}
	}
	return os.Chdir(s.Sandbox)
}

func isolate(s Spec) error {
	if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make / recursively slave: %w", err)
	}
	if s.SharePID {
		return nil // the agent's /proc is the right one
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	for _, b := range s.ProcBinds {
		if err := unix.Mount(b.Source, b.Target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("bind %s on %s: %w", b.Source, b.Target, err)
		}
	}
	return nil
}

func become(c Credential) error {
	groups := make([]int, len(c.Groups))
	for i, g := range c.Groups {
		groups[i] = int(g)
	}
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("set groups: %w", err)
	}
	if err := syscall.Setgid(int(c.GID)); err != nil {
		return fmt.Errorf("set group %d: %w", c.GID, err)
	}
	if err := syscall.Setuid(int(c.UID)); err != nil {
		return fmt.Errorf("set user %d: %w", c.UID, err)
	}
	return nil
}

// forwarded are the signals that a helper passes on: all that can be caught, but
// for the runtime's own and those that only tell about children.
func forwarded() []os.Signal {
	var list []os.Signal
	for s := syscall.Signal(1); s < 32; s++ {
		switch s {
		case syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGCHLD, syscall.SIGURG, syscall.SIGPIPE,
			syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGPROF:
		default:
			list = append(list, s)
		}
	}
	return list
}

func forward(signals <-chan os.Signal, pid int) {
	for s := range signals {
		if number, ok := s.(syscall.Signal); ok {
			signal(pid, number)
		}
	}
}

// reap collects children, its own and orphans, until the executor itself ends.
func reap(pid int) int {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return statusNotStarted
		}
		if got == pid && (status.Exited() || status.Signaled()) {
			return int(status)
		}
	}
}
