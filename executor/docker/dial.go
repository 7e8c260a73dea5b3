package docker

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Dial connects as a process of the running container would; address is an IP
// address with a port, for names would be looked up out here. It may be called from
// any goroutine.
func (b *Body) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := b.dial(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("connect from container %s: %w", b.c.Name, err)
	}
	return conn, nil
}

func (b *Body) dial(ctx context.Context, network, address string) (net.Conn, error) {
	run := b.Running()
	switch {
	case run == nil:
		return nil, errNotStarted
	case b.process == nil:
		return nil, ErrHidden
	}
	space, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", run.PID))
	if err != nil {
		return nil, err
	}
	defer func() { _ = space.Close() }() // only a name
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result, 1)
	onThreadOfItsOwn(func() {
		if err := unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
			results <- result{err: fmt.Errorf("enter its network namespace: %w", err)}
			return
		}
		// One attempt after another, all on this thread.
		conn, err := (&net.Dialer{FallbackDelay: -1}).DialContext(ctx, network, address)
		results <- result{conn, err}
	})
	r := <-results
	return r.conn, r.err
}

// onThreadOfItsOwn starts f in a goroutine whose thread ends with it. The main
// thread never ends, and is what /proc/self shows, so f never runs there.
func onThreadOfItsOwn(f func()) {
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			defer runtime.UnlockOSThread()
			done := make(chan struct{})
			onThreadOfItsOwn(func() { defer close(done); f() })
			<-done // this thread is taken until then
			return
		}
		f()
	}()
}
