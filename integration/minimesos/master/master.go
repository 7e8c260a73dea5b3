package master

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// Master is a running Mesos master. Make it with New; Start before use.
type Master struct {
	cfg      Config
	id       string
	listener net.Listener
	addr     *net.TCPAddr
	server   *http.Server
	group    errgroup.Group
	streams  sync.WaitGroup // open streams; only the owner goroutine adds
	ops      chan op
	quit     chan struct{}
	stopped  chan struct{} // the owner goroutine has ended
	closing  atomic.Bool
}

// op is one closure for the owner goroutine.
type op struct {
	fn   func(*state)
	done chan struct{}
}

// errClosed answers whoever asks a master that is shutting down.
var errClosed = errors.New("master: closed")

// closeTimeout bounds how long Close waits for streams to be written to their end.
const closeTimeout = 5 * time.Second

// New prepares a master with a fresh id; nothing runs yet.
func New(cfg Config) *Master {
	return &Master{
		cfg:     cfg.withDefaults(),
		id:      uuid.NewString(),
		ops:     make(chan op),
		quit:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
}

// Start listens and serves until Close. It may be called once.
func (m *Master) Start() error {
	l, err := net.Listen("tcp", m.cfg.Addr)
	if err != nil {
		return fmt.Errorf("start master: %w", err)
	}
	m.listener = l
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: time.Minute}
	m.addr = advertised(l.Addr().(*net.TCPAddr))
	s := newState(m.cfg, m.id, m.addr)
	m.group.Go(func() error {
		m.run(s)
		return nil
	})
	m.group.Go(func() error {
		if err := m.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve master %s: %w", l.Addr(), err)
		}
		return nil
	})
	return nil
}

// URL is the master's base address, such as http://127.0.0.1:5050.
func (m *Master) URL() string { return "http://" + m.addr.String() }

// advertised is where others find what listens on addr. MasterInfo has room for
// IPv4 only; whoever listens everywhere is on the loopback as well.
func advertised(addr *net.TCPAddr) *net.TCPAddr {
	if addr.IP.To4() == nil || addr.IP.IsUnspecified() {
		return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: addr.Port}
	}
	return addr
}

// ID is the master's uuid, the beginning of every id it gives out.
func (m *Master) ID() string { return m.id }

// Close ends every stream, stops serving and joins every goroutine. Calls
// after the first do nothing, as does closing a master that never started.
func (m *Master) Close() error {
	if m.listener == nil || m.closing.Swap(true) {
		return nil
	}
	close(m.quit)
	<-m.stopped
	drained := make(chan struct{})
	go func() {
		m.streams.Wait()
		close(drained)
	}()
	patience := time.NewTimer(closeTimeout)
	defer patience.Stop()
	select {
	case <-drained:
	case <-patience.C:
	}
	err := m.server.Close()
	<-drained
	return errors.Join(err, m.group.Wait())
}

// run is the owner goroutine.
func (m *Master) run(s *state) {
	defer close(m.stopped)
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		wake.Reset(s.clock.fire())
		s.answerWaiters()
		select {
		case o := <-m.ops:
			o.fn(s)
			close(o.done)
		case <-wake.C:
		case <-m.quit:
			s.endAllStreams()
			return
		}
	}
}

// do runs fn in the owner goroutine and waits for its end. It fails only when
// the master closes or ctx ends first; fn may then still run.
func (m *Master) do(ctx context.Context, fn func(*state)) error {
	o := op{fn: fn, done: make(chan struct{})}
	select {
	case m.ops <- o:
	case <-m.quit:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	<-o.done
	return nil
}
