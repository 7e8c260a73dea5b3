package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
)

// maxBody bounds a request's body, compressed or not.
const maxBody = 64 << 20

// DecodeBody wraps the handler of a whole server. It reads the body of each
// request and undoes Content-Encoding: gzip, which libprocess does before it
// looks at path, method or anything else: a body that does not decode is 500,
// and the connection is closed.
func DecodeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := readBody(w, r)
		if err != nil {
			(&Problem{
				Status: http.StatusInternalServerError,
				Text:   "failed to decode body",
				Header: http.Header{"Connection": {"close"}},
			}).Write(w)
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		next.ServeHTTP(w, r)
	})
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
		return body, err
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, maxBody))
}

// A Call is how the body of a request was read.
type Call struct {
	Codec Codec
	got   map[string]bool
}

// Has says whether the body gave a value to a field of the call itself, by its
// proto name. It tells a missing type from UNKNOWN, which mesos-go's messages
// do not.
func (c Call) Has(field string) bool { return c.got[field] }

// ReadCall reads the call of a POST into msg, a pointer to a generated message.
// Refusals come back as *Problem, in the order Mesos looks: method, Content-Type
// missing, body, other Content-Type.
func ReadCall(r *http.Request, msg any) (Call, error) {
	return read(r, msg, "Call protobuf")
}

// ReadOperatorCall is ReadCall with the words of the operator API (/api/v1).
func ReadOperatorCall(r *http.Request, msg any) (Call, error) {
	return read(r, msg, "a protobuf object")
}

func read(r *http.Request, msg any, target string) (Call, error) {
	if r.Method != http.MethodPost {
		return Call{}, MethodNotAllowed(r.Method)
	}
	types, ok := r.Header["Content-Type"]
	if !ok {
		return Call{}, BadRequest("Expecting 'Content-Type' to be present")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return Call{}, BadRequest("Failed to read body: %v", err)
	}
	switch types[0] {
	case JSON.ContentType():
		return readJSON(body, msg, target)
	case Protobuf.ContentType():
		return readProtobuf(body, msg, target)
	}
	return Call{}, &Problem{
		Status: http.StatusUnsupportedMediaType,
		Text:   "Expecting 'Content-Type' of application/json or application/x-protobuf",
	}
}

func readJSON(body []byte, msg any, target string) (Call, error) {
	got, err := unmarshalJSON(body, msg)
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return Call{}, BadRequest("Failed to parse body into JSON: %v", err)
	}
	if err != nil {
		return Call{}, BadRequest("Failed to convert JSON into %s: %v", target, err)
	}
	return Call{Codec: JSON, got: got}, nil
}

func readProtobuf(body []byte, msg any, target string) (Call, error) {
	bad := BadRequest("Failed to parse body into %s", target)
	if err := UnmarshalProtobuf(body, msg); err != nil {
		return Call{}, bad
	}
	numbers, err := protoNumbers(body)
	if err != nil {
		return Call{}, bad
	}
	v, err := structOf(msg)
	if err != nil {
		return Call{}, err
	}
	m, err := describe(v.Type())
	if err != nil {
		return Call{}, err
	}
	got := map[string]bool{}
	for _, f := range m.fields {
		got[f.name] = numbers[f.number]
	}
	return Call{Codec: Protobuf, got: got}, nil
}
