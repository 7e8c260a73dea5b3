package docker

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
	"go.uber.org/zap"
)

// Deadlines of single requests. An engine that is stopped or overloaded accepts
// connections and answers nothing, so that no request goes without one.
const (
	askTimeout    = 10 * time.Second // ping, inspect, kill
	changeTimeout = time.Minute      // create, start, remove: the engine may be short of disk
	retryEvery    = 250 * time.Millisecond
)

// Options of Open.
type Options struct {
	Socket string // path of the engine's socket
	Log    *zap.Logger
	// Config is a docker configuration of the operator's, whose credentials are used
	// where the sandbox has none; "" for none.
	Config string
	// SelfCgroup is the text of /proc/self/cgroup; nil: it is read.
	SelfCgroup []byte
	// EndTimeout is how long the engine may take to tell how a container ended
	// whose first process is seen to have ended; then its end is unknown. 0: a minute.
	EndTimeout time.Duration
	// PullSilence is how long a pull may bring no news; then the registry counts as
	// unreachable. 0: ten minutes.
	PullSilence time.Duration
}

// Engine is a Docker engine on this node. Its methods may be called from any
// goroutine.
type Engine struct {
	socket  string
	log     *zap.Logger
	api     *client.Client
	config  string
	version string

	selfCgroup  []byte
	endTimeout  time.Duration
	pullSilence time.Duration

	life    context.Context // of whatever watches containers
	end     context.CancelFunc
	workers sync.WaitGroup
}

// Open connects to the engine and agrees on a version of its API. The error is
// ErrAbsent when nobody serves the socket, ErrTooOld when the API is older than
// 1.40 (Docker 19.03). Close must be called in the end.
func Open(ctx context.Context, o Options) (*Engine, error) {
	api, err := client.New(client.WithHost("unix://"+o.Socket), client.WithUserAgent("flocker-executor"))
	if err != nil {
		return nil, fmt.Errorf("open docker engine %s: %w", o.Socket, err)
	}
	e := &Engine{socket: o.Socket, log: o.Log, api: api, config: o.Config, selfCgroup: o.SelfCgroup}
	e.endTimeout = cmp.Or(o.EndTimeout, time.Minute)
	e.pullSilence = cmp.Or(o.PullSilence, 10*time.Minute)
	if e.log == nil {
		e.log = zap.NewNop()
	}
	if e.selfCgroup == nil {
		if e.selfCgroup, err = os.ReadFile("/proc/self/cgroup"); err != nil {
			return nil, fmt.Errorf("open docker engine: %w", err)
		}
	}
	if err := e.negotiate(ctx); err != nil {
		return nil, fmt.Errorf("open docker engine %s: %w", o.Socket, err)
	}
	e.life, e.end = context.WithCancel(context.WithoutCancel(ctx))
	return e, nil
}

func (e *Engine) negotiate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", e.socket)
	if err != nil {
		return absent(e.socket, err)
	}
	_ = conn.Close() // only whether it is served
	ping, err := e.api.Ping(ctx, client.PingOptions{})
	switch {
	case err != nil:
		return absent(e.socket, err)
	case tooOld(ping.APIVersion):
		return fmt.Errorf("%w: it offers API %q, %s or later is needed (Docker 19.03)", ErrTooOld, ping.APIVersion, client.MinAPIVersion)
	}
	_, err = e.api.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	if err != nil {
		return absent(e.socket, err)
	}
	e.version = ping.APIVersion
	return nil
}

func tooOld(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d", &major, &minor); err != nil {
		return true // older still: it does not say
	}
	return major < 1 || major == 1 && minor < 40
}

// Socket returns the path of the engine's socket.
func (e *Engine) Socket() string { return e.socket }

// Version returns the API version that the engine offers.
func (e *Engine) Version() string { return e.version }

// Close ends whatever still watches containers and waits for it. Containers are
// left as they are. It may be called twice.
func (e *Engine) Close() {
	e.end()
	e.workers.Wait()
	_ = e.api.Close() // it only drops idle connections
}
