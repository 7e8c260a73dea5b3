package stage

import (
	"encoding/binary"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// keep waits for the executor's word or its end, after which it starts what finishes
// the executor's work. It returns an exit status.
func keep(argument, files string) int {
	n, err := strconv.Atoi(files)
	if err != nil {
		return complain("count the files", err)
	}
	if err := ignoreSignals(); err != nil {
		return complain("ignore signals", err)
	}
	unix.CloseOnExec(SocketFD)
	pid := binary.LittleEndian.AppendUint32(nil, uint32(os.Getpid()))
	if _, err := unix.Write(SocketFD, pid); err != nil || obey() {
		return 0
	}
	failpoint.Hit("keeper.finish.before")
	return finish(argument, n)
}

// obey does what the executor says until its end. It says whether all is in
// order then.
func obey() bool {
	var order [1]byte
	for armed := false; ; {
		n, err := unix.Read(SocketFD, order[:])
		switch {
		case err == unix.EINTR:
		case err != nil || n == 0:
			return !armed
		case order[0] == Done:
			return true
		case order[0] == Armed:
			armed = true
		default:
			drop(int(order[0]))
			_, _ = unix.Write(SocketFD, order[:]) // an executor that is gone shows at the next reading
		}
	}
}

// drop closes a file. Its number stays taken, so that nothing else that finish
// opens is mistaken for it.
func drop(file int) { _ = unix.Dup3(0, FirstFD+file, 0) }

// ignored are the signals that end or stop a process, but for those of its own
// faults and those that cannot be ignored.
var ignored = []syscall.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTRAP, syscall.SIGABRT,
	syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGTERM,
	syscall.SIGSTKFLT, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGXCPU,
	syscall.SIGXFSZ, syscall.SIGVTALRM, syscall.SIGIO, syscall.SIGPWR, syscall.SIGSYS,
}

// ignoreSignals goes round Go's runtime, which takes milliseconds for them.
func ignoreSignals() error {
	var action struct {
		handler, flags, restorer uintptr
		mask                     uint64
	}
	action.handler = 1 // SIG_IGN
	for _, sig := range ignored {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig),
			uintptr(unsafe.Pointer(&action)), 0, unsafe.Sizeof(action.mask), 0, 0)
		if errno != 0 {
			return errno
		}
	}
	return nil
}

// finish has a process of its own do the rest, with everything that this one has
// open but the socket, and ends when that ends; killed, it takes it along. It does
// not become that process: an agent that destroys the executor's cgroup is freezing
// it at this moment, and a process never freezes of which one thread replaces the
// program and waits for the end of the others, which are frozen.
func finish(argument string, files int) int {
	pid, err := syscall.ForkExec("/proc/self/exe", []string{FinishName, argument}, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return complain("start "+FinishName, err)
	}
	for file := range files {
		_ = unix.Close(FirstFD + file) // only read; the other has it
	}
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			return status.ExitStatus()
		}
	}
}
