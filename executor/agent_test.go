package executor_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// agent is the other side of a Session: an HTTP server on in-memory
// connections, so that it runs on virtual time too. A test answers each call.
type agent struct {
	t       *testing.T
	server  http.Server
	conns   chan net.Conn
	streams chan *stream
	updates chan *update
	away    atomic.Bool // refuse connections
	beats   atomic.Int64
	down    chan struct{}
}

func newAgent(t *testing.T) *agent {
	a := &agent{t: t, conns: make(chan net.Conn), streams: make(chan *stream), updates: make(chan *update), down: make(chan struct{})}
	a.serveOn(a)
	return a
}

// newTCPAgent is one on a real connection, and its address.
func newTCPAgent(t *testing.T) (*agent, string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{t: t, streams: make(chan *stream), updates: make(chan *update), down: make(chan struct{})}
	a.serveOn(listener)
	return a, listener.Addr().String()
}

func (a *agent) serveOn(l net.Listener) {
	a.server.Handler = http.HandlerFunc(a.serve)
	go func() { _ = a.server.Serve(l) }()
	a.t.Cleanup(func() {
		close(a.down)
		_ = a.server.Close()
	})
}

// Accept, Close and Addr make it a net.Listener of net.Pipe connections.
func (a *agent) Accept() (net.Conn, error) {
	select {
	case c := <-a.conns:
		return c, nil
	case <-a.down:
		return nil, net.ErrClosed
	}
}

func (a *agent) Close() error   { return nil }
func (a *agent) Addr() net.Addr { return &net.TCPAddr{} }

func (a *agent) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if a.away.Load() {
		return nil, syscall.ECONNREFUSED
	}
	here, there := net.Pipe()
	select {
	case a.conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (a *agent) transport(token string) executor.Transport {
	return executor.Transport{URL: "http://agent:5051/api/v1/executor", Token: token, HTTP: &http.Transport{DialContext: a.dial}}
}

// stream is one SUBSCRIBE that waits for its answer.
type stream struct {
	t      *testing.T
	header http.Header
	call   *wire.Call
	answer chan func(http.ResponseWriter)
	done   chan struct{} // the client has gone
}

// update is one UPDATE that waits for its answer.
type update struct {
	status mesos.TaskStatus
	answer chan int
	gone   chan struct{} // closed when it is answered or given up
}

func (a *agent) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	call := &wire.Call{}
	if err := call.Unmarshal(body); err != nil {
		a.t.Errorf("call: %v", err)
		return
	}
	switch call.Type {
	case wire.Call_SUBSCRIBE:
		a.serveStream(w, r, call)
	case wire.Call_UPDATE:
		u := &update{status: call.Update.Status, answer: make(chan int), gone: make(chan struct{})}
		defer close(u.gone)
		select {
		case a.updates <- u:
			select {
			case code := <-u.answer:
				w.WriteHeader(code)
			case <-r.Context().Done():
			}
		case <-r.Context().Done():
		case <-a.down:
		}
	case wire.Call_HEARTBEAT:
		a.beats.Add(1)
		w.WriteHeader(http.StatusAccepted)
	default:
		a.t.Errorf("unexpected call %v", call.Type)
	}
}

func (a *agent) serveStream(w http.ResponseWriter, r *http.Request, call *wire.Call) {
	s := &stream{t: a.t, header: r.Header.Clone(), call: call, answer: make(chan func(http.ResponseWriter)), done: make(chan struct{})}
	defer close(s.done)
	select {
	case a.streams <- s:
	case <-r.Context().Done():
		return
	case <-a.down:
		return
	}
	for {
		select {
		case f := <-s.answer:
			if f == nil {
				return
			}
			f(w)
		case <-r.Context().Done():
			return
		case <-a.down:
			return
		}
	}
}

// subscription waits for the next SUBSCRIBE.
func (a *agent) subscription() *stream {
	a.t.Helper()
	select {
	case s := <-a.streams:
		return s
	case <-time.After(time.Hour):
		a.t.Fatal("nobody subscribes")
		return nil
	}
}

// update waits for the next UPDATE.
func (a *agent) update() *update {
	a.t.Helper()
	select {
	case u := <-a.updates:
		return u
	case <-time.After(time.Hour):
		a.t.Fatal("no update")
		return nil
	}
}

// do runs f in the handler of the stream.
func (s *stream) do(f func(http.ResponseWriter)) {
	select {
	case s.answer <- f:
	case <-s.done:
	}
}

// refuse answers with a status and ends.
func (s *stream) refuse(code int, text string) {
	s.do(func(w http.ResponseWriter) { http.Error(w, text, code) })
	s.end()
}

func (s *stream) end() { s.do(nil) }

// raw sends bytes as they are, in one piece.
func (s *stream) raw(b []byte) {
	s.do(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(b)
		_ = http.NewResponseController(w).Flush()
	})
}

// send sends events, each as a record of its own.
func (s *stream) send(events ...*wire.Event) {
	for _, e := range events {
		s.raw(record(s.t, e))
	}
}

func record(t testing.TB, e *wire.Event) []byte {
	b, err := e.Marshal()
	if err != nil {
		t.Fatalf("marshal event: %v", err)
	}
	return append(fmt.Appendf(nil, "%d\n", len(b)), b...)
}
