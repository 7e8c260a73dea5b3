package flockertest

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// DefaultStateExpiry is how long the state of a silent agent is still shown
// (recorded).
const DefaultStateExpiry = 120 * time.Second

// Node is one machine of the cluster, with its boot id as era.
type Node struct {
	UUID, Host, Era string
}

// Service is the control service. Fields are set before Start; the methods are
// safe for concurrent use from then on.
type Service struct {
	// Addr is where the REST API listens; "" is a free port of 127.0.0.1. The
	// port stays the same over Restart.
	Addr string
	// AgentAddr is where agents connect; "" is a free port of 127.0.0.1.
	AgentAddr string
	// TLS makes the API HTTPS with client certificates. The files are those of
	// TLSDir, which GenerateTLS fills if it holds none. With TLSDir empty they
	// lie in a temporary directory that Close removes.
	TLS    bool
	TLSDir string
	// StateDir keeps the configuration over restarts; "" keeps it in memory,
	// where it outlives Restart but not Close.
	StateDir string
	// Nodes get an agent each within this process, whose datasets are in memory
	// only. nil stands for DefaultNodes, an empty slice for none.
	Nodes []Node
	// Pace is that of the agents of Nodes and of the pushes to all agents.
	Pace Pace
	// StateExpiry is the time until a silent agent's state is forgotten; 0 is
	// DefaultStateExpiry.
	StateExpiry time.Duration

	power   sync.Mutex // of Down and Up, taken before mu
	mu      sync.Mutex
	config  configuration
	nodes   map[string]*node
	eras    map[string]string // by era
	volumes map[string]volume // by dataset, as last reported by any agent
	changed chan struct{}     // closed and replaced at every change
	pushes  int               // counts what agents must hear of
	held    bool              // no push goes out, no lease expires
	gate    chan struct{}     // unless nil, what agents say waits here
	faults  []*Injected
	entries []Entry
	follow  map[chan Entry]bool

	tlsConfig *tls.Config
	tempTLS   string
	front     []*front // listeners of the API
	agents    *http.Server
	agentAddr string
	places    []*place        // of the listeners, while the service is down
	ctx       context.Context // ends with Close
	stop      context.CancelFunc
	tasks     sync.WaitGroup
}

// DefaultNodes are the two of a Service without Nodes: the recorded ids, the
// first with the era of this machine.
func DefaultNodes() []Node {
	era, err := BootID()
	if err != nil {
		era = "eeeeeeee-1111-4111-8111-eeeeeeeeeeee"
	}
	return []Node{
		{UUID: "11111111-1111-4111-8111-111111111111", Host: "127.0.0.1", Era: era},
		{UUID: "22222222-2222-4222-8222-222222222222", Host: "127.0.0.2", Era: "eeeeeeee-2222-4222-8222-eeeeeeeeeeee"},
	}
}

// Start listens, and returns when the API answers and every node of Nodes has
// reported. A Service is started once; Close ends it, also after an error.
func (s *Service) Start() error {
	s.config, s.changed, s.follow = emptyConfiguration(), make(chan struct{}), map[chan Entry]bool{}
	s.ctx, s.stop = context.WithCancel(context.Background()) //nolint:forbidigo // it lives from Start to Close, whatever becomes of their callers
	s.forgetState()
	if s.Nodes == nil {
		s.Nodes = DefaultNodes()
	}
	s.Pace = s.Pace.orQuick()
	if s.StateExpiry == 0 {
		s.StateExpiry = DefaultStateExpiry
	}
	if err := s.load(); err != nil {
		return err
	}
	if err := s.prepareTLS(); err != nil {
		return err
	}
	if err := s.listenAgents(); err != nil {
		return err
	}
	if _, err := s.Listen("", s.Addr); err != nil {
		return err
	}
	s.tasks.Go(func() { s.sweep(s.ctx) })
	return s.startNodes(s.ctx)
}

// startNodes runs an agent in memory for each of Nodes and waits for their first
// reports.
func (s *Service) startNodes(ctx context.Context) error {
	pool := &memory{}
	for _, n := range s.Nodes {
		a := &Agent{UUID: n.UUID, Host: n.Host, Era: n.Era, Root: "/flocker", ServiceURL: s.AgentURL(), Pace: s.Pace, storage: memoryNode{pool, n.UUID, "/flocker"}}
		s.tasks.Go(func() { _ = a.Run(ctx) })
	}
	soon, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, n := range s.Nodes {
		if err := s.WaitNode(soon, n.UUID); err != nil {
			return err
		}
	}
	return nil
}

// Listen opens one more listener of the API, so that the log can tell which node
// a request came from: what arrives there carries this name. addr "" is a free
// port of 127.0.0.1. Close closes it.
func (s *Service) Listen(name, addr string) (url string, err error) {
	f := &front{service: s, name: name, addr: cmp.Or(addr, "127.0.0.1:0")}
	if err := f.open(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.front = append(s.front, f)
	return s.scheme() + f.address(), nil
}

func (s *Service) scheme() string {
	if s.tlsConfig != nil {
		return "https://"
	}
	return "http://"
}

// URL is the API's base without /v1, such as http://127.0.0.1:4523.
func (s *Service) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scheme() + s.front[0].address()
}

// AgentURL is where the agents of this service connect.
func (s *Service) AgentURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "http://" + s.agentAddr
}

// Close ends the service with its connections and the agents of Nodes. It may be
// called again, and after a Start that failed.
func (s *Service) Close() {
	if s.stop != nil {
		s.stop()
	}
	s.Down()
	s.tasks.Wait()
	s.mu.Lock()
	s.leavePlaces()
	s.mu.Unlock()
	if s.tempTLS != "" {
		_ = os.RemoveAll(s.tempTLS)
	}
}

// listenAgents opens the private listener, at the same address as before.
func (s *Service) listenAgents() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil
	}
	l, err := net.Listen("tcp", cmp.Or(s.agentAddr, s.AgentAddr, "127.0.0.1:0"))
	if err != nil {
		return fmt.Errorf("listen for agents: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathAgent, s.serveAgent)
	mux.HandleFunc("POST "+pathReport, s.serveReport)
	mux.HandleFunc("POST "+pathOwned, s.serveOwned)
	mux.HandleFunc("POST "+pathStopped, s.serveStopped)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	s.agentAddr, s.agents = l.Addr().String(), server
	s.leavePlaces()
	s.tasks.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close()
		}
	})
	return nil
}

// configured is called with s.mu held after the configuration changed: it is
// written down, and everybody who waits looks again.
func (s *Service) configured() {
	s.save()
	s.pushes++
	s.wake()
}

// wake lets everybody look again who waits for a change; s.mu is held.
func (s *Service) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}
