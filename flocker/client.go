package flocker

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"
)

const (
	// requestTimeout is long on purpose: while a large cluster converges, even
	// a GET has been seen to take close to two minutes.
	requestTimeout = 3 * time.Minute
	dialTimeout    = 10 * time.Second
	tlsTimeout     = 30 * time.Second
	// idleTimeout is shorter than the time between two renewals of a lease, so
	// that none of them meets a connection which the service has just closed.
	idleTimeout = 30 * time.Second
)

// Options say where the control service is and how it is spoken to.
type Options struct {
	// URL is https://host:port, or http://host:port for a test service without
	// TLS; then the files below are not read.
	URL string
	// CAFile is the cluster's certificate, CertFile and KeyFile those of a user
	// of the cluster's REST API.
	CAFile, CertFile, KeyFile string
	// ServerName is the name the service's certificate must have; "" means the
	// host of URL.
	ServerName string
	// Timeout bounds one request and its answer; 0 means three minutes.
	Timeout time.Duration
	// Transport, if not nil, wraps what sends the requests: for counting them
	// and for tests that interrupt them.
	Transport func(http.RoundTripper) http.RoundTripper
	// Log is told of every repeated request. Nil means silence.
	Log *zap.Logger
}

// Client speaks the REST API v1 of one Flocker control service. It may be used
// by several goroutines at once. It holds no state but its idle connections.
type Client struct {
	base     *url.URL
	http     *http.Client
	idle     *http.Transport
	timeout  time.Duration
	certFile string
	log      *zap.Logger
}

// NewClient reads and checks the certificates and sends nothing. What is wrong
// with them is a *CertificateError that names the file.
func NewClient(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("control service: %w", err)
	}
	if base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, fmt.Errorf("control service: URL %q: need https://host:port", o.URL)
	}
	transport := newTransport()
	if base.Scheme == "https" {
		if transport.TLSClientConfig, err = tlsConfig(o, base.Hostname()); err != nil {
			return nil, err
		}
	}
	c := &Client{base: base, idle: transport, timeout: o.Timeout, certFile: o.CertFile, log: o.Log}
	if c.timeout == 0 {
		c.timeout = requestTimeout
	}
	if c.log == nil {
		c.log = zap.NewNop()
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: noRedirect}
	if o.Transport != nil {
		c.http.Transport = o.Transport(transport)
	}
	return c, nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		// No proxy: the environment of a task must not lead our key's
		// connections elsewhere.
		Proxy:               nil,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: tlsTimeout,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     idleTimeout,
	}
}

// Service names the control service: host:port. A Record carries it, so that
// one cluster's leases are never returned to another.
func (c *Client) Service() string { return c.base.Host }

// Close closes the idle connections. The client may be used again.
func (c *Client) Close() { c.idle.CloseIdleConnections() }

// noRedirect lets a redirection be what it is, an answer that no control service
// gives.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
