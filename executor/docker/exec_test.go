package docker_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

func TestExec(t *testing.T) {
	c := task(t, "echo ready; sleep 1000")
	c.Config.Env = []string{"FROM=container"}
	b := started(t, open(t, shared), c)
	for _, test := range []struct {
		argv []string
		exit int
	}{
		{[]string{"true"}, 0},
		{[]string{"sh", "-c", "exit 9"}, 9},
		{[]string{"sh", "-c", `test "$FROM $ADDED" = "container here"`}, 0},
		{[]string{"sh", "-c", "kill -9 $$"}, 137},
	} {
		exit, err := b.Exec(t.Context(), test.argv, []string{"ADDED=here"})
		if err != nil || exit != test.exit {
			t.Errorf("%q: exit code %d, %v; want %d", test.argv, exit, err, test.exit)
		}
	}
	if exit, err := b.Exec(t.Context(), []string{"no-such-program"}, nil); err == nil && exit != 126 && exit != 127 {
		t.Errorf("a program that is missing: exit code %d", exit)
	}
}

func TestExecIsKilled(t *testing.T) {
	c := task(t, "sleep 1000")
	b := started(t, open(t, shared), c)
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	result := make(chan error, 1)
	go func() {
		_, err := b.Exec(ctx, []string{"sh", "-c", "sleep 4242 & echo up >/tmp/up; sleep 4242"}, nil)
		result <- err
	}()
	wantInside(t, b, "test -e /tmp/up")
	cancel(over)
	if err := <-result; !errors.Is(err, over) {
		t.Errorf("error %v, want %v", err, over)
	}
	wantInside(t, b, "! ps | grep -v grep | grep 'sleep 4242'")
}

// wantInside repeats a script in the container until it succeeds.
func wantInside(t *testing.T, b *docker.Body, script string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(30 * time.Second); ; {
		exit, err := b.Exec(t.Context(), []string{"sh", "-c", script}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if exit == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: exit code %d", script, exit)
		}
	}
}

func TestExecAfterTheEnd(t *testing.T) {
	b := started(t, open(t, shared), task(t, "true"))
	wantStatus(t, b, 0)
	if _, err := b.Exec(t.Context(), []string{"true"}, nil); err == nil {
		t.Error("no error")
	}
	if _, err := b.Dial(t.Context(), "tcp", "127.0.0.1:1"); err == nil {
		t.Error("no error of Dial")
	}
}

// The container's loopback is its own: nobody out here listens on that port.
func TestDial(t *testing.T) {
	c := task(t, "mkdir /www; echo hello >/www/index.html; httpd -f -p 127.0.0.1:7777 -h /www")
	b := started(t, open(t, shared), c)
	wantInside(t, b, "netstat -ltn | grep :7777")
	conn, err := b.Dial(t.Context(), "tcp", "127.0.0.1:7777")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // read to its end
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || !strings.Contains(string(got), "hello") {
		t.Errorf("%q, %v", got, err)
	}
}
