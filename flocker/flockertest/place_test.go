package flockertest_test

import (
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// While the service is down, connections are refused and nobody else gets its
// port; then it is there again.
func TestPortIsKeptWhileDown(t *testing.T) {
	var s flockertest.Service
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	addr := strings.TrimPrefix(s.URL(), "http://")
	s.Down()
	if c, err := net.Dial("tcp", addr); err == nil {
		_ = c.Close()
		t.Error("somebody listens while the service is down")
	}
	// Whoever lets the kernel choose a port does not set SO_REUSEADDR first.
	plain := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 0)
		})
	}}
	if l, err := plain.Listen(t.Context(), "tcp", addr); err == nil {
		_ = l.Close()
		t.Error("somebody else was given the port")
	}
	if err := s.Up(0); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}
