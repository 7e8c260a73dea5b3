package checks

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	userAgent = "flocker-executor (check of the task)"
	// redirectsMost is curl's own limit, which Mesos' checks have.
	redirectsMost = 50
	// bodyMost is how much of an answer is read before its status is believed: an
	// answer that breaks off is none, one that never ends is one.
	bodyMost = 1 << 20
)

var errRedirects = fmt.Errorf("more than %d redirects", redirectsMost)

func (h HTTP) probe(dial Dial) probe {
	address := h.Scheme + "://" + loopback(h.IPv6, h.Port) + h.Path
	return probe{"GET " + address, func(ctx context.Context) (Outcome, error) { return h.get(ctx, dial, address) }}
}

func (h HTTP) get(ctx context.Context, dial Dial, address string) (Outcome, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Outcome{}, err
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "*/*")
	res, err := client(ctx, dial).Do(req)
	if err != nil {
		return Outcome{}, told(err, address)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.CopyN(io.Discard, res.Body, bodyMost); err != nil && !errors.Is(err, io.EOF) {
		return Outcome{}, fmt.Errorf("read the answer: %w", bare(err))
	}
	code := uint32(res.StatusCode)
	if h.well(code) {
		return Outcome{StatusCode: &code}, nil
	}
	return Outcome{StatusCode: &code}, unwell(res, address)
}

func (h HTTP) well(code uint32) bool {
	if len(h.Statuses) > 0 {
		return slices.Contains(h.Statuses, code)
	}
	return code >= 200 && code < 400
}

func unwell(res *http.Response, address string) error {
	status := strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode)))
	return redirected(errors.New(status), res.Request.URL.String(), address)
}

// told is err without the request that every message names.
func told(err error, address string) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return bare(err)
	}
	return redirected(bare(u.Err), u.URL, address)
}

func redirected(err error, last, address string) error {
	if last == address {
		return err
	}
	return fmt.Errorf("redirected to %s: %w", last, err)
}

// client makes a client for one run. Its connections end with ctx: a transport
// alone goes on with a dial and a handshake that nobody waits for any more.
func client(ctx context.Context, dial Dial) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: nil,
			DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
				return dial.until(ctx, network, address)
			},
			TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
			DisableKeepAlives:  true,
			DisableCompression: true,
			ForceAttemptHTTP2:  true, // as curl does: some servers speak nothing else
		},
		CheckRedirect: func(_ *http.Request, before []*http.Request) error {
			if len(before) > redirectsMost {
				return errRedirects
			}
			return nil
		},
	}
}

// until dials; the connection ends with ctx.
func (d Dial) until(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, nil
}
