package executor

import (
	"net"
	"net/http"
	"time"
)

// Bounds of one HTTP exchange with the agent, which is on the same machine.
const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 15 * time.Second // until the head of the answer
)

// Transport is how the executor reaches its agent: the one place that chooses
// between schemes.
type Transport struct {
	URL   string // of the executor API
	Token string // bearer token, or ""
	HTTP  http.RoundTripper
}

// NewTransport returns plain HTTP over TCP to the agent's endpoint. Proxies in
// the environment are ignored. The stream and the calls never share a
// connection: the stream's stays busy until it ends.
func NewTransport(e Environment) Transport {
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		// Nothing else notices a half-open stream: the agent's heartbeats come
		// every 30 minutes.
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
	return Transport{
		URL:   "http://" + e.Endpoint + "/api/v1/executor",
		Token: e.Token,
		HTTP: &http.Transport{
			Proxy:                 nil,
			DialContext:           dialer.DialContext,
			DisableCompression:    true,
			ResponseHeaderTimeout: answerTimeout,
			MaxIdleConnsPerHost:   1,
		},
	}
}

// close lets go of idle connections.
func (t Transport) close() {
	if c, ok := t.HTTP.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
