package flocker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// maxBody holds a listing of about 75,000 datasets (213 bytes each).
	maxBody = 16 << 20
	// maxDrain is what is read to keep a connection after a body too long.
	maxDrain = 64 << 10
)

// call is one request. repeat says that sending it twice does no harm.
type call struct {
	method, path string
	body         any
	repeat       bool
	// within is how long it may wait for a connection: later it must not be sent.
	// 0 means as long as the client's timeout.
	within time.Duration
}

var errTooLate = errors.New("not sent: no connection in time")

// answer is what is of interest beside the body.
type answer struct {
	status int
	header http.Header
	// sent is CLOCK_BOOTTIME in nanoseconds just before the request was sent.
	sent int64
}

// do sends a request and decodes its answer into out, which may be nil. A call
// with repeat set is sent again after a failure that may pass, until ctx ends.
func (c *Client) do(ctx context.Context, k call, out any) (answer, error) {
	tries := c.tries()
	for {
		a, err := c.once(ctx, k, out)
		if err == nil || !k.repeat {
			return a, err
		}
		if err := tries.next(ctx, err); err != nil {
			return answer{}, err
		}
	}
}

// once sends a request once. Its error is always an *Error.
func (c *Client) once(ctx context.Context, k call, out any) (answer, error) {
	failed := &Error{Method: k.method, Service: c.base.Host, Path: k.path}
	var sent atomic.Bool
	ctx, late := context.WithCancelCause(ctx)
	defer late(nil)
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	defer unlessSent(k.within, &sent, late)()
	limited = httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	req, err := c.request(limited, k)
	if err != nil {
		failed.Err = err
		return answer{}, failed
	}
	a := answer{sent: Boottime()}
	res, err := c.http.Do(req)
	failed.Sent = sent.Load()
	if err != nil {
		failed.Err = c.cause(ctx, limited, err)
		return a, failed
	}
	defer res.Body.Close()
	body, err := readBody(res.Body)
	a.status, a.header = res.StatusCode, res.Header
	failed.Status = res.StatusCode
	c.log.Debug("control service answered", zap.String("method", k.method), zap.String("path", k.path), zap.Int("status", a.status))
	if err != nil {
		failed.Err = c.cause(ctx, limited, err)
		return a, failed
	}
	return a, decode(failed, res, body, out)
}

// unlessSent calls off a request that has found no connection within d. What it
// returns ends that.
func unlessSent(d time.Duration, sent *atomic.Bool, late context.CancelCauseFunc) (stop func()) {
	if d <= 0 {
		return func() {}
	}
	timer := time.AfterFunc(d, func() {
		if !sent.Load() {
			late(errTooLate)
		}
	})
	return func() { timer.Stop() }
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	var body io.Reader
	if k.body != nil {
		b, err := json.Marshal(k.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, k.method, c.base.Scheme+"://"+c.base.Host+k.path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// cause finds the words for a request that got no whole answer: *url.Error
// would say method and URL a second time.
func (c *Client) cause(outer, limited context.Context, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(context.Cause(outer), errTooLate) {
		return errTooLate
	}
	if limited.Err() != nil && outer.Err() == nil {
		return fmt.Errorf("no answer within %v: %w", c.timeout, err)
	}
	return refusedByServer(c.certFile, err)
}

// readBody reads a body whole, up to maxBody: only then can its connection be
// used again.
func readBody(body io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(b) > maxBody {
		_, _ = io.CopyN(io.Discard, body, maxDrain)
		return nil, fmt.Errorf("%w: longer than %d MiB", errUnreadable, maxBody>>20)
	}
	return b, nil
}

// decode looks at the status first: an error has a body of its own.
func decode(failed *Error, res *http.Response, body []byte, out any) error {
	if res.StatusCode < 200 || res.StatusCode > 299 {
		failed.Words, failed.FromAPI = serverWords(res.Header.Get("Content-Type"), body)
		return failed
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		failed.Words, _ = serverWords(res.Header.Get("Content-Type"), body)
		failed.Err = fmt.Errorf("%w: %w", errUnreadable, err)
		return failed
	}
	return nil
}
