package replay_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// hello is what an executor process says of itself.
type hello struct {
	PID, PPID, Session, Group, UID int
	Umask                          int
	Argv                           []string // without the first
	Env                            []string
	Cwd                            string
	Fds                            []openFd // the first three
}

// An openFd is what /proc/self/fd and fdinfo say.
type openFd struct {
	Target string `json:"target"`
	Flags  string `json:"flags_octal"`
}

// runStub is an executor process: it says hello on the socket that lies beside
// its program, then waits to be told how to end.
func runStub(program string) int {
	h, err := describeSelf()
	if err != nil {
		return fail(err)
	}
	conn, err := net.Dial("unix", filepath.Join(filepath.Dir(program), "stubs"))
	if err != nil {
		return fail(err)
	}
	fmt.Println("example-executor", h.Argv) // as the recorded one did
	if err := json.NewEncoder(conn).Encode(h); err != nil {
		return fail(err)
	}
	in := bufio.NewScanner(conn)
	for in.Scan() {
		verb, arg, _ := strings.Cut(in.Text(), " ")
		n, err := strconv.Atoi(arg)
		if err != nil {
			return fail(err)
		}
		if verb == "exit" {
			return n
		}
		if err := syscall.Kill(os.Getpid(), syscall.Signal(n)); err != nil {
			return fail(err)
		}
	}
	return 0 // the test is over
}

func describeSelf() (hello, error) {
	h := hello{PID: os.Getpid(), PPID: os.Getppid(), UID: os.Getuid(), Argv: os.Args[3:], Env: os.Environ()}
	h.Umask = syscall.Umask(0)
	h.Group = syscall.Getpgrp()
	var err error
	if h.Session, err = unix.Getsid(0); err != nil {
		return h, err
	}
	if h.Cwd, err = os.Getwd(); err != nil {
		return h, err
	}
	for fd := range 3 {
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err != nil {
			return h, err
		}
		info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", fd))
		if err != nil {
			return h, err
		}
		_, flags, _ := strings.Cut(string(info), "flags:\t")
		flags, _, _ = strings.Cut(flags, "\n")
		h.Fds = append(h.Fds, openFd{target, flags})
	}
	return h, nil
}

// A stub is the test's end of an executor process.
type stub struct {
	hello
	conn net.Conn
	gone chan struct{} // closed when the process has ended
}

func (s *stub) env(name string) string {
	for _, line := range s.Env {
		if v, ok := strings.CutPrefix(line, name+"="); ok {
			return v
		}
	}
	return ""
}

func (s *stub) alive() bool {
	select {
	case <-s.gone:
		return false
	default:
		return true
	}
}

// end tells the process how to end ("exit 3", "kill 9") and waits for it.
func (s *stub) end(ctx context.Context, how string) error {
	if _, err := fmt.Fprintln(s.conn, how); err != nil {
		return fmt.Errorf("end executor %d: %w", s.PID, err)
	}
	return s.wait(ctx)
}

func (s *stub) wait(ctx context.Context) error {
	select {
	case <-s.gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("executor %d does not end: %w", s.PID, context.Cause(ctx))
	}
}

// stubs receives the executor processes of one trace.
type stubs struct {
	listener net.Listener
	ctx      context.Context // ends with close, and every connection with it
	cancel   context.CancelFunc
	started  chan *stub
	running  sync.WaitGroup
	all      []*stub // those that await returned
}

func listenStubs(path string) (*stubs, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &stubs{listener: l, ctx: ctx, cancel: cancel, started: make(chan *stub, 64)}
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.running.Go(func() { s.serve(conn) })
		}
	})
	return s, os.Chmod(path, 0o777)
}

func (s *stubs) serve(conn net.Conn) {
	st := &stub{conn: conn, gone: make(chan struct{})}
	defer close(st.gone)
	defer conn.Close()
	defer context.AfterFunc(s.ctx, func() { _ = conn.Close() })()
	in := json.NewDecoder(conn)
	if in.Decode(&st.hello) != nil {
		return
	}
	select {
	case s.started <- st:
	case <-s.ctx.Done():
		return
	}
	_, _ = io.Copy(io.Discard, conn)
}

// await returns the next executor process that starts.
func (s *stubs) await(ctx context.Context) (*stub, error) {
	select {
	case st := <-s.started:
		s.all = append(s.all, st)
		return st, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no executor process started: %w", context.Cause(ctx))
	}
}

// last is the executor that started last and is alive, or nil.
func (s *stubs) last() *stub {
	for i := len(s.all) - 1; i >= 0; i-- {
		if s.all[i].alive() {
			return s.all[i]
		}
	}
	return nil
}

// close makes all processes end, those too that have only just connected, and
// joins the goroutines.
func (s *stubs) close() error {
	s.cancel()
	err := s.listener.Close()
	s.running.Wait()
	return err
}
