package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/fetch"
)

// Run is the whole life of an agent process. It returns nil when ctx ends or
// when the agent has left (see Config.Leave), with every goroutine joined and
// every living executor left running.
func Run(ctx context.Context, c Config) error {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return fmt.Errorf("agent configuration: %w", err)
	}
	a, err := newAgent(c)
	if err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.ctx = ctx
	servers, err := a.listen()
	if err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	a.serve(servers)
	a.spawn(a.start)
	a.loop()
	if ctx.Err() == nil {
		a.link.finish()
	}
	cancel()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.http.Close())
	}
	a.tasks.Wait()
	a.closeStreams()
	return errors.Join(errs...)
}

func newAgent(c Config) (*agent, error) {
	resources, err := parseResources(c.Resources)
	if err != nil {
		return nil, err
	}
	attributes, err := parseAttributes(c.Attributes)
	if err != nil {
		return nil, err
	}
	fetcher, err := fetch.New(c.FetcherCacheDir, c.FetcherStallTimeout, c.FrameworksHome)
	if err != nil {
		return nil, err
	}
	a := &agent{
		cfg: c, log: c.Log, fetcher: fetcher,
		info:       mesos.AgentInfo{Hostname: c.Hostname, Resources: resources, Attributes: attributes},
		frameworks: map[string]*framework{},
		streams:    map[updateKey]*updateStream{},
		work:       make(chan func()),
		over:       make(chan struct{}),
		faults:     faultState{replaced: make(chan struct{})},
	}
	a.link = newMasterLink(a)
	return a, a.makeDirs()
}

func (a *agent) makeDirs() error {
	var err error
	if a.paths, err = newPaths(a.cfg.WorkDir, a.cfg.RuntimeDir); err != nil {
		return err
	}
	for _, dir := range []string{a.paths.meta() + "/slaves", a.paths.work + "/slaves", a.paths.containers()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

type server struct {
	http     *http.Server
	listener net.Listener
}

// listen opens the agent's port and, if there is to be one, its domain socket.
func (a *agent) listen() ([]server, error) {
	tcp, err := net.Listen("tcp", net.JoinHostPort(a.cfg.IP, strconv.Itoa(a.cfg.Port)))
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(tcp.Addr().String())
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		return nil, err
	}
	a.address = net.JoinHostPort(a.cfg.IP, port)
	wide := int32(number)
	a.info.Port = &wide
	spoken, err := a.cfg.TLS.listen(tcp)
	if err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	servers := []server{{a.newServer(a.routes()), spoken}}
	if a.cfg.DomainSocket == "" {
		return servers, nil
	}
	socket, err := listenSocket(a.cfg.DomainSocket)
	if err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	return append(servers, server{a.newServer(a.socketRoutes()), socket}), nil
}

// listenSocket replaces what an agent that was killed has left.
func listenSocket(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o666)
}

func (a *agent) newServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return a.ctx }}
}

func (a *agent) serve(servers []server) {
	for _, s := range servers {
		a.spawn(func() {
			if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				a.log.Sugar().Errorf("serve %s: %v", s.listener.Addr(), err)
			}
		})
	}
}

// start brings the agent from "listening" to "registering".
func (a *agent) start() {
	if err := a.announce(); err != nil {
		a.log.Sugar().Errorf("tell that the agent is ready: %v", err)
	}
	if !a.pause(a.cfg.RouteDelay) {
		return
	}
	a.post(func() { a.routed = true })
	if !a.pause(a.cfg.RecoveryDelay) {
		return
	}
	a.post(a.recover)
	select {
	case <-a.ctx.Done():
	case <-a.over:
	case <-a.cfg.Leave:
		a.post(a.leave)
	}
}

func (a *agent) announce() error {
	if a.cfg.Ready != nil {
		a.cfg.Ready(a.address)
	}
	if a.cfg.ReadyFile == "" {
		return nil
	}
	return writeAtomically(a.cfg.ReadyFile, []byte(a.address+"\n"), 0o644)
}

// pause is false when the agent ended meanwhile.
func (a *agent) pause(d time.Duration) bool {
	if d <= 0 {
		return a.ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-a.ctx.Done():
	case <-a.over:
	}
	return false
}
