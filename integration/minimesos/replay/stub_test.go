package replay_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// hello is what an executor process says of itself.
type hello struct {
	PID  int
	Argv []string
	Env  []string
	Cwd  string
	User string
	Dev  map[string]string // targets of its first three descriptors
}

// runStub is an executor process: it says hello on the socket, then waits to be
// told how to end.
func runStub(socket string) int {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return fail(err)
	}
	cwd, err := os.Getwd()
	if err != nil {
		return fail(err)
	}
	h := hello{PID: os.Getpid(), Argv: os.Args[3:], Env: os.Environ(), Cwd: cwd, Dev: map[string]string{}}
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	}
	for fd := range 3 {
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err != nil {
			return fail(err)
		}
		h.Dev[strconv.Itoa(fd)] = target
	}
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
	started  chan *stub
	running  sync.WaitGroup
	all      []*stub // those that await returned
}

func listenStubs(path string) (*stubs, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	s := &stubs{listener: l, started: make(chan *stub, 64)}
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
	in := json.NewDecoder(conn)
	if in.Decode(&st.hello) != nil {
		return
	}
	s.started <- st
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

// close makes all processes end and joins the goroutines.
func (s *stubs) close() error {
	err := s.listener.Close()
	for {
		select {
		case st := <-s.started:
			s.all = append(s.all, st)
			continue
		default:
		}
		break
	}
	for _, st := range s.all {
		if e := st.conn.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	s.running.Wait()
	return err
}
