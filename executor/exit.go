package executor

import (
	"fmt"
	"syscall"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// exit is how a task ended.
type exit struct {
	status  syscall.WaitStatus
	known   bool // there is a status
	message string
	reason  *mesos.TaskStatus_Reason // of a failure; nil: none but the status
}

// exit is how this task ended.
func (t *task) exit(w syscall.WaitStatus, known bool) exit {
	if t.container != nil {
		return containerExit(t.container, w, known)
	}
	return exit{status: w, known: known, message: exitMessage(w, known)}
}

// exitMessage words a wait status as Mesos' command executor does
// (common/status_utils.hpp). known is false when there is no status.
func exitMessage(w syscall.WaitStatus, known bool) string {
	if !known {
		return "Failed to get exit status for Command"
	}
	return endOf("Command", w)
}

// endOf words how what ended.
func endOf(what string, w syscall.WaitStatus) string {
	switch {
	case w.Signaled() && w.CoreDump():
		return what + " terminated with signal " + signalName(w.Signal()) + " (core dumped)"
	case w.Signaled():
		return what + " terminated with signal " + signalName(w.Signal())
	}
	return fmt.Sprintf("%s exited with status %d", what, w.ExitStatus())
}

// firstRealTime and lastRealTime are SIGRTMIN and SIGRTMAX as glibc has them.
const firstRealTime, lastRealTime = 34, 64

// signalName is glibc's strsignal in the C locale, which Mesos prints.
func signalName(s syscall.Signal) string {
	if name, ok := signalNames[s]; ok {
		return name
	}
	if s >= firstRealTime && s <= lastRealTime {
		return fmt.Sprintf("Real-time signal %d", s-firstRealTime)
	}
	return fmt.Sprintf("Unknown signal %d", s)
}

var signalNames = map[syscall.Signal]string{
	syscall.SIGHUP:    "Hangup",
	syscall.SIGINT:    "Interrupt",
	syscall.SIGQUIT:   "Quit",
	syscall.SIGILL:    "Illegal instruction",
	syscall.SIGTRAP:   "Trace/breakpoint trap",
	syscall.SIGABRT:   "Aborted",
	syscall.SIGBUS:    "Bus error",
	syscall.SIGFPE:    "Floating point exception",
	syscall.SIGKILL:   "Killed",
	syscall.SIGUSR1:   "User defined signal 1",
	syscall.SIGSEGV:   "Segmentation fault",
	syscall.SIGUSR2:   "User defined signal 2",
	syscall.SIGPIPE:   "Broken pipe",
	syscall.SIGALRM:   "Alarm clock",
	syscall.SIGTERM:   "Terminated",
	syscall.SIGSTKFLT: "Stack fault",
	syscall.SIGCHLD:   "Child exited",
	syscall.SIGCONT:   "Continued",
	syscall.SIGSTOP:   "Stopped (signal)",
	syscall.SIGTSTP:   "Stopped",
	syscall.SIGTTIN:   "Stopped (tty input)",
	syscall.SIGTTOU:   "Stopped (tty output)",
	syscall.SIGURG:    "Urgent I/O condition",
	syscall.SIGXCPU:   "CPU time limit exceeded",
	syscall.SIGXFSZ:   "File size limit exceeded",
	syscall.SIGVTALRM: "Virtual timer expired",
	syscall.SIGPROF:   "Profiling timer expired",
	syscall.SIGWINCH:  "Window changed",
	syscall.SIGIO:     "I/O possible",
	syscall.SIGPWR:    "Power failure",
	syscall.SIGSYS:    "Bad system call",
}
