package wire

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A Codec is one of the two forms a message has on the network.
type Codec int

// The codecs; their order is the server's preference.
const (
	JSON Codec = iota
	Protobuf
)

// ContentType is the codec's media type, as in Content-Type.
func (c Codec) ContentType() string {
	if c == Protobuf {
		return "application/x-protobuf"
	}
	return "application/json"
}

// Marshal writes msg; see MarshalJSON and MarshalProtobuf.
func (c Codec) Marshal(msg any) ([]byte, error) {
	if c == Protobuf {
		return MarshalProtobuf(msg)
	}
	return MarshalJSON(msg)
}

// Unmarshal reads data into msg; see UnmarshalJSON and UnmarshalProtobuf.
func (c Codec) Unmarshal(data []byte, msg any) error {
	if c == Protobuf {
		return UnmarshalProtobuf(data, msg)
	}
	return UnmarshalJSON(data, msg)
}

// Negotiate chooses the codec of a stream by the request's Accept: JSON
// whenever it is acceptable, protobuf otherwise. It is false when neither is;
// the answer is NotAcceptable then. Weights only matter when they are zero
// (libprocess' http.cpp, acceptsMediaType).
func Negotiate(header http.Header) (Codec, bool) {
	for _, c := range []Codec{JSON, Protobuf} {
		if Accepts(header, c.ContentType()) {
			return c, true
		}
	}
	return JSON, false
}

// Accepts says whether the request's Accept allows mediaType. The most specific
// range that names it decides, and of equal ones the first.
func Accepts(header http.Header, mediaType string) bool {
	lines, ok := header["Accept"]
	if !ok {
		return true
	}
	accept := strings.NewReplacer(" ", "", "\t", "", "\n", "").Replace(strings.Join(lines, ","))
	main, _, _ := strings.Cut(mediaType, "/")
	for _, candidate := range []string{mediaType, main + "/*", "*/*"} {
		for _, entry := range strings.Split(accept, ",") {
			params := strings.Split(entry, ";")
			if params[0] == candidate {
				return weight(params[1:])
			}
		}
	}
	return false
}

// weight is false for q=0 and for a q that is no number; a missing or repeated
// one counts as 1.
func weight(params []string) bool {
	var qs []string
	for _, p := range params {
		if q, ok := strings.CutPrefix(p, "q="); ok && !slices.Contains(qs, q) {
			qs = append(qs, q)
		}
	}
	if len(qs) != 1 {
		return true
	}
	q, err := strconv.ParseFloat(qs[0], 64)
	return err == nil && q > 0
}
