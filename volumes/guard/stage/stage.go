package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func init() {
	if len(os.Args) != 1 {
		return
	}
	switch os.Args[0] {
	case Name:
		os.Exit(live())
	case LaunchName:
		os.Exit(become())
	}
}

// stage is the running second stage. Its main goroutine owns it.
type stage struct {
	control *control
	decoder *json.Decoder
	reports *json.Encoder
	orders  chan Order // closed when the executor is gone
	ended   chan child // every child that was reaped
	task    int        // pid of the task, 0 before it is forked
	over    bool       // the task has ended
	sandbox string
	binder  *binder // until the plan is done
	// terminal is the task's, nil when it has none.
	terminal *terminal
	// commands are the IDs of those beside the task, by process.
	commands map[int]uint64
}

type child struct {
	pid    int
	status syscall.WaitStatus
}

// live returns the exit status of process 1. Leaving is killing: the kernel
// ends every process of the namespace before it lets process 1 be reaped.
func live() int {
	if err := shield(); err != nil {
		fmt.Fprintln(os.Stderr, "flocker-guard:", err)
		return 1
	}
	s := &stage{
		control:  &control{},
		reports:  json.NewEncoder(os.NewFile(ControlFD, "control")),
		orders:   make(chan Order),
		ended:    make(chan child),
		commands: map[int]uint64{},
	}
	s.decoder = json.NewDecoder(s.control)
	if !s.setUp() {
		return 1
	}
	go s.receive()
	return s.serve()
}

// setUp does the first two orders, and says whether the task can be forked.
func (s *stage) setUp() bool {
	var first, second Order
	if s.decoder.Decode(&first) != nil || first.Space == nil {
		return false
	}
	alone := s.separate(*first.Space)
	if s.report(Report{Alone: &alone}) != nil || alone.Error != "" {
		return false
	}
	if s.decoder.Decode(&second) != nil || second.Plan == nil {
		return false
	}
	ready := s.prepare(*second.Plan)
	return s.report(Report{Ready: &ready}) == nil && ready.Error == ""
}

// shield makes the process fit to be process 1: no descriptor but 0, 1 and 2
// goes to a child, no signal is inherited as ignored or blocked, and none of
// those that a task can send ends it. It must be process 1, or its end would
// kill nobody.
func shield() error {
	if os.Getpid() != 1 {
		return fmt.Errorf("started as process %d: only the executor starts it, as process 1 of a PID namespace", os.Getpid())
	}
	if err := unix.CloseRange(ControlFD, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("mark descriptors close-on-exec (Linux 5.11 can): %w", err)
	}
	if err := dropSignals(); err != nil {
		return err
	}
	return os.Chdir("/")
}

// dropped are the signals that Go's runtime would end this process for, and the
// three that it leaves as it has inherited them: the C library's own, which it
// may have handed on as ignored.
var dropped = []syscall.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTRAP,
	syscall.SIGABRT, syscall.SIGSTKFLT, syscall.SIGTERM, syscall.SIGSYS,
	32, 33, 34,
}

// dropSignals gives them their default action, which for process 1 is none. Not
// signal.Ignore, because an ignored signal stays ignored in the task, and not
// signal.Notify, which takes milliseconds for a few dozen signals.
func dropSignals() error {
	var byDefault struct {
		handler, flags, restorer uintptr
		mask                     uint64
	}
	for _, sig := range dropped {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig),
			uintptr(unsafe.Pointer(&byDefault)), 0, unsafe.Sizeof(byDefault.mask), 0, 0)
		if errno != 0 {
			return fmt.Errorf("drop signal %d: %w", sig, errno)
		}
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil); err != nil {
		return fmt.Errorf("unblock signals: %w", err)
	}
	return nil
}

// receive passes the executor's orders on until it is gone.
func (s *stage) receive() {
	defer close(s.orders)
	for {
		var o Order
		if s.decoder.Decode(&o) != nil {
			return
		}
		s.orders <- o
	}
}

func (s *stage) report(r Report) error { return s.reports.Encode(r) }

// serve runs until the executor is gone or asks for something impossible.
func (s *stage) serve() int {
	for {
		select {
		case order, ok := <-s.orders:
			if !ok {
				return 0
			}
			if err := s.obey(order); err != nil {
				return 1
			}
		case c := <-s.ended:
			if err := s.reaped(c); err != nil {
				return 1
			}
		}
	}
}

// obey does one order. An error means that the executor cannot be reached.
func (s *stage) obey(o Order) error {
	switch {
	case o.Task != nil:
		outcome := s.run(*o.Task)
		return s.report(Report{Run: &outcome})
	case o.Command != nil:
		return s.runCommand(*o.Command)
	case o.Abort != 0:
		return s.abort(o.Abort)
	case o.Signal != 0:
		signalAll(o.Signal)
	}
	return nil
}

// signalAll signals all but process 1; that nobody is left is no error. One that
// is stopped is woken to see that it shall end, as in Mesos (3rdparty/stout/
// include/stout/os/posix/killtree.hpp).
func signalAll(sig syscall.Signal) {
	_ = unix.Kill(-1, sig)
	if sig == unix.SIGTERM {
		_ = unix.Kill(-1, unix.SIGCONT)
	}
}

// reaped reports the end of a process that the executor asked for.
func (s *stage) reaped(c child) error {
	if c.pid == s.task {
		s.over = true
		if s.terminal != nil {
			s.terminal.flush()
		}
		return s.report(Report{Exited: &c.status})
	}
	id, known := s.commands[c.pid]
	if !known {
		return nil
	}
	delete(s.commands, c.pid)
	return s.report(Report{Ended: &Ended{ID: id, Status: c.status}})
}

// reap waits for every child, the adopted ones included, until none is left;
// then nothing lives in the namespace that could fork another.
func (s *stage) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return
		}
		s.ended <- child{pid: pid, status: status}
	}
}
