package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// maxRecord bounds a record of a live stream.
const maxRecord = 16 << 20

// A connection is one request's own: requests are written byte for byte, which
// net/http's client would not do with their odd paths and headers.
type connection struct {
	conn net.Conn
	resp *http.Response
}

// send writes req to address ("host:port", or the path of a Unix socket) and
// reads the head of the answer. The caller closes the connection.
func send(ctx context.Context, address string, req *Request, body []byte, rewrite func(string) string) (*connection, error) {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	if _, err := conn.Write(requestText(req, body, rewrite)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	r := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: req.Method}) //nolint:bodyclose // it ends with the connection, which the caller closes
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		if resp.StatusCode != http.StatusContinue {
			return &connection{conn: conn, resp: resp}, nil
		}
	}
}

// requestText is the request as it goes over the connection. Lengths and host
// are our own, all other headers are the recorded ones.
func requestText(req *Request, body []byte, rewrite func(string) string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n", req.Method, rewrite(req.Path))
	chunked := false
	for _, h := range req.Header {
		switch http.CanonicalHeaderKey(h.Name) {
		case "Host", "Content-Length":
			continue
		case "Transfer-Encoding":
			chunked = true
		}
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, rewrite(h.Value))
	}
	if chunked {
		fmt.Fprintf(&b, "\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		return b.Bytes()
	}
	if len(body) > 0 || req.Method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	fmt.Fprintf(&b, "\r\n%s", body)
	return b.Bytes()
}

// streams says whether the answer is a stream of records: 200, in chunks, from
// an API that streams.
func (c *connection) streams(path string) bool {
	return c.resp.StatusCode == http.StatusOK && len(c.resp.TransferEncoding) > 0 &&
		(strings.HasSuffix(path, "/scheduler") || forExecutors(path))
}

// response describes the head of the answer.
func (c *connection) response() *Response {
	r := c.resp
	reason := strings.TrimPrefix(strings.TrimPrefix(r.Status, fmt.Sprint(r.StatusCode)), " ")
	header := r.Header.Clone()
	if len(r.TransferEncoding) > 0 {
		header.Set("Transfer-Encoding", strings.Join(r.TransferEncoding, ", "))
	}
	return &Response{Status: r.StatusCode, Reason: reason, Header: header}
}

// readRecords passes each record to got until the stream ends, and returns how
// it did.
func (c *connection) readRecords(got func([]byte)) string {
	if err := c.conn.SetDeadline(time.Time{}); err != nil {
		return EndCut
	}
	r := wire.NewReader(c.resp.Body, maxRecord)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return EndProper
		}
		if errors.Is(err, net.ErrClosed) {
			return EndClient
		}
		if err != nil {
			return EndCut
		}
		got(record)
	}
}

// failure words the error of a request without an answer as recordings do.
func failure(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset by peer"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "EOF"
	default:
		return err.Error()
	}
}
