package flockertest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// front is one listener of the API. It speaks HTTP itself instead of through
// net/http's server, because the recorded one answers requests that net/http
// refuses, and words all of them differently.
type front struct {
	service *Service
	name    string
	addr    string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	closed   chan struct{}
	done     sync.WaitGroup
}

// open listens; after close it does so again at the same address.
func (f *front) open() error {
	l, err := net.Listen("tcp", f.addr)
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	f.mu.Lock()
	f.listener, f.addr = l, l.Addr().String()
	f.conns, f.closed = map[net.Conn]bool{}, make(chan struct{})
	f.mu.Unlock()
	f.done.Go(func() { f.accept(l) })
	return nil
}

func (f *front) address() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addr
}

// close ends the listener and every connection, and waits for them.
func (f *front) close() {
	f.mu.Lock()
	if f.conns != nil {
		_ = f.listener.Close()
		close(f.closed)
	}
	for c := range f.conns {
		_ = c.Close()
	}
	f.conns = nil
	f.mu.Unlock()
	f.done.Wait()
}

func (f *front) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		open := f.conns != nil
		if open {
			f.conns[c] = true
		}
		f.mu.Unlock()
		if !open {
			_ = c.Close()
			return
		}
		f.done.Go(func() {
			f.converse(c)
			f.mu.Lock()
			delete(f.conns, c)
			f.mu.Unlock()
			_ = c.Close()
		})
	}
}

// converse serves the requests of one connection, one after another.
func (f *front) converse(raw net.Conn) {
	c, client, err := f.secure(raw)
	if err != nil {
		return
	}
	defer c.Close()
	in, out := bufio.NewReader(c), bufio.NewWriter(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			if !errors.Is(err, io.EOF) && !isNetError(err) {
				_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			}
			return
		}
		if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		last := r.Close || r.ProtoMinor == 0
		if !f.serve(request{Request: r, body: body}, client, out, last) || last {
			return
		}
	}
}

func isNetError(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) || errors.Is(err, net.ErrClosed)
}

// secure does the TLS handshake if there is one to do, and tells the common name
// of the client. Who speaks plain HTTP to a TLS port is reset (recorded).
func (f *front) secure(raw net.Conn) (c net.Conn, client string, err error) {
	if f.service.tlsConfig == nil {
		return raw, "", nil
	}
	t := tls.Server(raw, f.service.tlsConfig)
	_ = raw.SetDeadline(time.Now().Add(time.Minute))
	if err := t.Handshake(); err != nil {
		var notTLS tls.RecordHeaderError
		if tcp, ok := raw.(*net.TCPConn); ok && errors.As(err, &notTLS) {
			_ = tcp.SetLinger(0)
		}
		return nil, "", err
	}
	_ = raw.SetDeadline(time.Time{})
	return t, t.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

// serve answers one request, as the injected faults let it, and logs it. It
// returns false if the connection is to be dropped.
func (f *front) serve(r request, client string, out *bufio.Writer, last bool) bool {
	s := f.service
	e := Entry{
		Time: time.Now(), Node: nodeName(f.name, client), Client: client,
		Method: r.Method, Path: r.RequestURI, Body: string(r.body),
	}
	fault := s.faultFor(e)
	if fault != nil && !fault.before(f.closed) {
		e.Fault = "dropped before it was applied"
		s.record(e)
		return false
	}
	var answer response
	if fault != nil && fault.Answer != nil {
		answer, e.Fault = fault.Answer.response(), "answered by the test"
	} else {
		answer = s.answer(r)
	}
	e.Status, e.Response = answer.status, answer.body
	if fault != nil && fault.Drop == AfterApplied {
		e.Fault = "dropped after it was applied"
		s.record(e)
		return false
	}
	s.record(e)
	return answer.write(out, r.ProtoMinor, last) == nil
}

// nodeName is the name of the listener, else what follows user- in the client's
// certificate.
func nodeName(listener, client string) string {
	if listener != "" {
		return listener
	}
	return strings.TrimPrefix(client, "user-")
}
