package wire

import (
	"fmt"
	"net/http"
)

// A Problem is an answer that refuses a request. It is an error, so that
// handlers can return it.
type Problem struct {
	Status int
	Text   string      // the whole body
	Header http.Header // in addition to Content-Type; may be nil
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s", p.Status, p.Text) }

// Write sends the problem as the answer.
func (p *Problem) Write(w http.ResponseWriter) {
	for name, values := range p.Header {
		w.Header()[name] = values
	}
	if p.Text != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.WriteHeader(p.Status)
	// The client may be gone; there is nobody left to tell.
	_, _ = w.Write([]byte(p.Text))
}

// BadRequest is 400 with a text in Printf form.
func BadRequest(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusBadRequest, Text: fmt.Sprintf(format, args...)}
}

// Forbidden is 403 with a text in Printf form.
func Forbidden(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusForbidden, Text: fmt.Sprintf(format, args...)}
}

// ServiceUnavailable is 503 with a text in Printf form.
func ServiceUnavailable(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusServiceUnavailable, Text: fmt.Sprintf(format, args...)}
}

// NotFound is 404, for paths nobody serves.
func NotFound() *Problem {
	return &Problem{Status: http.StatusNotFound, Text: "404 Not Found."}
}

// NotImplemented is 501, the answer to a call of type UNKNOWN.
func NotImplemented() *Problem {
	return &Problem{Status: http.StatusNotImplemented, Text: "501 Not Implemented."}
}

// NotAcceptable is 406, for a SUBSCRIBE whose Accept allows no codec.
func NotAcceptable() *Problem {
	return &Problem{
		Status: http.StatusNotAcceptable,
		Text:   "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
	}
}

// MethodNotAllowed is 405 for a request that is no POST.
func MethodNotAllowed(method string) *Problem {
	return &Problem{
		Status: http.StatusMethodNotAllowed,
		Text:   fmt.Sprintf("405 Method Not Allowed. Expecting one of { 'POST' }, but received '%s'.", method),
		Header: http.Header{"Allow": {"POST"}},
	}
}

// Accept answers 202 with an empty body, as every call but SUBSCRIBE gets.
func Accept(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) }

// Stream begins the answer to a SUBSCRIBE and returns what writes its records.
// Headers of the caller's own must be set before.
func Stream(w http.ResponseWriter, c Codec) (*Writer, error) {
	w.Header().Set("Content-Type", c.ContentType())
	w.WriteHeader(http.StatusOK)
	out := NewWriter(w)
	if err := out.flush(); err != nil {
		return nil, fmt.Errorf("begin stream: %w", err)
	}
	return out, nil
}
