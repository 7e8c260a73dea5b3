package integration_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// proxy stands between executors and their agent. Its connections can be made
// half-open: neither side is told, and nothing comes through any more.
type proxy struct {
	listener net.Listener
	agent    string
	group    sync.WaitGroup
	mutex    sync.Mutex
	links    []*proxied
	stopped  int // of links, from the first on
}

// proxied is one connection through a proxy.
type proxied struct {
	executor, agent net.Conn
	up, down        chan struct{} // closed: that direction is stopped
}

func startProxy(t *testing.T, agent string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, agent: strings.TrimPrefix(agent, "http://")}
	p.group.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		executor, err := p.listener.Accept()
		if err != nil {
			return
		}
		agent, err := net.Dial("tcp", p.agent)
		if err != nil {
			_ = executor.Close()
			continue
		}
		l := &proxied{executor: executor, agent: agent, up: make(chan struct{}), down: make(chan struct{})}
		p.mutex.Lock()
		p.links = append(p.links, l)
		p.mutex.Unlock()
		p.group.Go(func() { forward(agent, executor, l.up) })
		p.group.Go(func() { forward(executor, agent, l.down) })
	}
}

// forward copies until an end, which it passes on, or until it is stopped; then
// it swallows what comes.
func forward(to, from net.Conn, stopped <-chan struct{}) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		select {
		case <-stopped:
			_, _ = io.Copy(io.Discard, from)
			return
		default:
		}
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
	}
}

// stop makes every connection that is open now half-open: what the agent says
// is lost, and, if both, what executors say too. It returns how many there were.
func (p *proxy) stop(both bool) int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	open := p.links[p.stopped:]
	for _, l := range open {
		close(l.down)
		if both {
			close(l.up)
		}
	}
	p.stopped = len(p.links)
	return len(open)
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.mutex.Lock()
	for _, l := range p.links {
		_ = l.executor.Close()
		_ = l.agent.Close()
	}
	p.mutex.Unlock()
	p.group.Wait()
}
