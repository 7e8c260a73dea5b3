package checks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

func TestTCP(t *testing.T) {
	for name, ipv6 := range map[string]bool{"IPv4": false, "IPv6": true} {
		t.Run(name, func(t *testing.T) {
			l, port := listener(t, ipv6)
			c := checks.Check{TCP: &checks.TCP{Port: port, IPv6: ipv6}}
			if outcome, v := both(t, c); outcome != "succeeded true" || !v.Healthy {
				t.Errorf("%s, %+v", outcome, v)
			}
			_ = l.Close()
			outcome, v := both(t, c)
			if says := fmt.Sprintf("TCP %s: connect: connection refused (", l.Addr()); outcome != "succeeded false" || v.Healthy || !strings.Contains(v.Message, says) {
				t.Errorf("%s, %+v, wanted %q", outcome, v, says)
			}
		})
	}
}

// The connection is closed at once: a server with few workers needs them.
func TestTCPHangsUp(t *testing.T) {
	l, port := listener(t, false)
	heard := make(chan error, 2)
	answerAll(t, l, func(c net.Conn) {
		_, err := c.Read(make([]byte, 1))
		heard <- err
	})
	both(t, checks.Check{TCP: &checks.TCP{Port: port}})
	for range 2 {
		if err := <-heard; !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
}

// HTTP and TCP runs that get no answer time out, wherever they hang, and leave
// nothing behind.
func TestHangingServers(t *testing.T) {
	for name, tc := range map[string]struct {
		scheme string // "" for TCP
		port   func(t *testing.T) int
	}{
		"TCP connect":   {"", full},
		"HTTP connect":  {"http", full},
		"HTTP head":     {"http", silent},
		"HTTP body":     {"http", halfway},
		"TLS handshake": {"https", silent},
	} {
		t.Run(name, func(t *testing.T) {
			port := tc.port(t)
			c := checks.Check{Timeout: 300 * time.Millisecond, TCP: &checks.TCP{Port: port}}
			if tc.scheme != "" {
				c.TCP, c.HTTP = nil, &checks.HTTP{Scheme: tc.scheme, Port: port, Path: "/"}
			}
			outcome, v := both(t, c)
			if outcome != "nothing" || v.Healthy || !strings.Contains(v.Message, ": no result within 300ms (") {
				t.Errorf("%s, %+v", outcome, v)
			}
			if stacks := lingering(t); stacks != "" {
				t.Errorf("goroutines left behind: %s", stacks)
			}
		})
	}
}

// silent accepts, and never says anything.
func silent(t *testing.T) int {
	l, port := listener(t, false)
	over := make(chan struct{})
	answerAll(t, l, func(net.Conn) { <-over })
	t.Cleanup(func() { close(over) })
	return port
}

// halfway answers with a head and no body.
func halfway(t *testing.T) int {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, nil).Port
}

// full is a port that listens but whose queue is full: connecting hangs.
func full(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := name.(*syscall.SockaddrInet4).Port
	c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return port
}

// lingering is the stack of a goroutine that still dials, shakes hands or reads
// for a probe, or "" as soon as there is none.
func lingering(t *testing.T) string {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for over := time.After(5 * time.Second); ; {
		stacks := goroutinesOf("net/http.(*Transport)", "net/http.(*persistConn)", "net.(*Dialer)")
		if stacks == "" {
			return ""
		}
		select {
		case <-tick.C:
		case <-over:
			return stacks
		}
	}
}

// A COMMAND without an exit status: it could not be run, or a signal ended it.
func TestCommandWithoutStatus(t *testing.T) {
	long := checks.Check{Command: &checks.Command{Program: "/bin/sh", Argv: []string{"sh", "-c", strings.Repeat("x", 1000)}}}
	r := checks.Start(t.Context(), checks.Config{Health: &checks.Health{Check: long}, Log: zaptest.NewLogger(t), Run: func(context.Context, checks.Command) (int, error) {
		return 0, syscall.ENOENT
	}})
	defer r.Close()
	v := verdict(t, r)
	if v.Healthy || len(v.Message) > 350 || !strings.Contains(v.Message, "no such file or directory") || !strings.Contains(v.Message, `command "/bin/sh -c xxx`) {
		t.Errorf("%+v", v)
	}
}

// The command is handed on as it is.
func TestCommandReachesRun(t *testing.T) {
	ran := make(chan checks.Command, 1)
	c := checks.Check{Command: &checks.Command{Program: "p", Argv: []string{"a", "b"}, Env: []string{"C=d"}}}
	r := checks.Start(t.Context(), checks.Config{Check: &c, Log: zaptest.NewLogger(t), Run: func(ctx context.Context, c checks.Command) (int, error) {
		ran <- c
		<-ctx.Done()
		return 0, ctx.Err()
	}})
	defer r.Close()
	if got := fmt.Sprint(<-ran); got != "{p [a b] [C=d]}" {
		t.Error(got)
	}
}
