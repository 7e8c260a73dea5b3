package flockertest

import (
	"bufio"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const (
	jsonType = "application/json"
	htmlType = "text/html"
	server   = "TwistedWeb/16.6.0"
)

// response is an answer before it is written down.
type response struct {
	status   int
	headers  [][2]string // besides those that every answer has
	mime     string
	body     string
	measured bool // with Content-Length instead of in chunks
	bodiless bool // HEAD
}

func success(status int, v any) response {
	return response{status: status, mime: jsonType, body: dumps(v)}
}

func failure(status int, description string) response {
	return success(status, object{{"description", description}})
}

func undecodable() response {
	return failure(http.StatusBadRequest, "The request body could not be decoded according to the value of the\nContent-Type header.")
}

func invalid(errs []string) response {
	return success(http.StatusBadRequest, object{
		{"errors", errs},
		{"description", "The provided JSON doesn't match the required schema."},
	})
}

// crash is what the real service answers when its own code failed: the name of
// an entry in its log.
func crash() response {
	return success(http.StatusInternalServerError, uuid.NewString()+"@/2")
}

func html(status int, mime, body string, headers ...[2]string) response {
	return response{status: status, mime: mime, body: body, measured: true, headers: headers}
}

func noSuchResource() response {
	return html(http.StatusNotFound, "text/html; charset=utf-8", `
<html>
  <head><title>404 - No Such Resource</title></head>
  <body>
    <h1>No Such Resource</h1>
    <p>No such child resource.</p>
  </body>
</html>
`)
}

func notFound() response {
	return html(http.StatusNotFound, htmlType, `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>The requested URL was not found on the server.  If you entered the URL manually please check your spelling and try again.</p>
`)
}

func notAllowed(allow string) response {
	return html(http.StatusMethodNotAllowed, htmlType, `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<title>405 Method Not Allowed</title>
<h1>Method Not Allowed</h1>
<p>The method is not allowed for the requested URL.</p>
`, [2]string{"Allow", allow})
}

// write puts the answer on the wire as Twisted does. HTTP/1.0 knows no chunks;
// there the end of the connection ends the body.
func (r response) write(w *bufio.Writer, minor int, last bool) error {
	chunked := !r.measured && !r.bodiless && minor >= 1
	fmt.Fprintf(w, "HTTP/1.%d %d %s\r\n", minor, r.status, http.StatusText(r.status))
	if chunked {
		fmt.Fprint(w, "Transfer-Encoding: chunked\r\n")
	}
	if r.measured {
		fmt.Fprintf(w, "Content-Length: %d\r\n", len(r.body))
	}
	fmt.Fprintf(w, "Date: %s\r\n", time.Now().UTC().Format(http.TimeFormat))
	for _, h := range r.headers {
		fmt.Fprintf(w, "%s: %s\r\n", h[0], h[1])
	}
	if last && minor >= 1 {
		fmt.Fprint(w, "Connection: close\r\n")
	}
	fmt.Fprintf(w, "Content-Type: %s\r\nServer: %s\r\n\r\n", r.mime, server)
	switch {
	case r.bodiless:
	case chunked:
		fmt.Fprintf(w, "%x\r\n%s\r\n0\r\n\r\n", len(r.body), r.body)
	default:
		fmt.Fprint(w, r.body)
	}
	return w.Flush()
}
