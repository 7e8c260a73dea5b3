package executor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Bounds of one HTTP exchange with the agent, which is on the same machine.
const (
	dialTimeout   = 5 * time.Second  // TLS handshake included
	answerTimeout = 15 * time.Second // until the head of the answer
)

// maxSocketPath is the length, in bytes, of the longest path that the kernel
// takes for a domain socket (sun_path, which ends in a zero byte).
const maxSocketPath = 107

// Transport is how the executor reaches its agent: the one place that chooses
// between schemes.
type Transport struct {
	URL   string // of the executor API
	Token string // bearer token, or ""
	HTTP  http.RoundTripper
}

// NewTransport returns the way to the agent (executor/executor.cpp chooses in
// the same order):
//
//	MESOS_DOMAIN_SOCKET is set        HTTP over the domain socket
//	LIBPROCESS_SSL_ENABLED is true    HTTPS to the agent's endpoint
//	otherwise                         HTTP to the agent's endpoint
//
// Proxies in the environment are ignored. The stream and the calls never share a
// connection: the stream's stays busy until it ends. Certificates and keys are
// read here, once; an error names the variable, the file and the check.
func NewTransport(e Environment) (Transport, error) {
	t := Transport{URL: "http://" + e.Endpoint + "/api/v1/executor", Token: e.Token}
	h := &http.Transport{
		Proxy:                 nil,
		DisableCompression:    true,
		ResponseHeaderTimeout: answerTimeout,
		MaxIdleConnsPerHost:   1,
	}
	t.HTTP = h
	switch {
	case e.Socket != "":
		path, err := socketPath(e.Socket)
		if err != nil {
			return t, err
		}
		// The agent compares the path as it stands in the request with this one;
		// "%28" is 403 (recorded: domain-socket). url.Parse, unlike url.URL{Path},
		// keeps the parentheses.
		t.URL = "http://agent/" + e.Process + "/api/v1/executor"
		h.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer().DialContext(ctx, "unix", path)
		}
	case e.TLS.Enabled:
		d, err := newTLSDialer(e.TLS)
		if err != nil {
			return t, err
		}
		t.URL = "https://" + e.Endpoint + "/api/v1/executor"
		h.DialTLSContext = d.DialContext
	default:
		h.DialContext = dialer().DialContext
	}
	return t, nil
}

// dialer of TCP connections that notices a half-open one within half a minute,
// which nothing else does: the agent's heartbeats come every 30 minutes.
func dialer() *net.Dialer {
	return &net.Dialer{
		Timeout:         dialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
}

// socketPath is the path as the kernel takes it: one that is too long may be
// short enough as seen from the working directory.
func socketPath(path string) (string, error) {
	if len(path) <= maxSocketPath {
		return path, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("environment variable %s: working directory: %w", variableSocket, err)
	}
	short, err := filepath.Rel(here, path)
	if err != nil {
		return "", fmt.Errorf("environment variable %s: %w", variableSocket, err)
	}
	if len(short) > maxSocketPath {
		return "", fmt.Errorf("environment variable %s is %q: its %d bytes, or %d as seen from %s, are more than the %d that a domain socket's path may have",
			variableSocket, path, len(path), len(short), here, maxSocketPath)
	}
	return short, nil
}

// close lets go of idle connections.
func (t Transport) close() {
	if c, ok := t.HTTP.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
