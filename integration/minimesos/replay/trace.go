package replay

import (
	"net/http"
	"time"
)

// The actors of a trace. A scheduler trace knows the framework only.
const (
	Framework = "framework"
	Executor  = "executor"
	Operator  = "operator"
)

// A Trace is one recorded, or played, conversation.
type Trace struct {
	Name    string // of the file, without .json.gz
	Entries []Entry
}

// An Entry is one step of an actor. Without a Request it is a note: something
// done outside HTTP, or an observation kept in Data.
type Entry struct {
	Actor    string
	At       time.Duration // since the trace began
	Note     string
	Data     []byte // JSON, of notes; may be nil
	Request  *Request
	Response *Response
	Records  []Record // of a stream
	End      *End     // of a stream; nil when the recording does not show one
	// Skipped marks an entry that was not played, in a played trace.
	Skipped bool
}

// A Request is what an actor sent.
type Request struct {
	Method string
	Path   string // as on the request line
	Header []Header
	Body   []byte
}

// A Header is one line of a request's head.
type Header struct{ Name, Value string }

// Get returns the value of the header called name, or "".
func (r *Request) Get(name string) string {
	for _, h := range r.Header {
		if http.CanonicalHeaderKey(h.Name) == http.CanonicalHeaderKey(name) {
			return h.Value
		}
	}
	return ""
}

// A Response is what came back. Error is set instead of all else when no
// answer came: "connection refused" and the like.
type Response struct {
	Status int
	Reason string
	Header http.Header
	Body   []byte
	Error  string
}

// A Record is one event of a stream.
type Record struct {
	At      time.Duration
	Payload []byte
}

// The ways in which a stream ends.
const (
	EndProper = "proper end" // with the last chunk of zero length
	EndCut    = "cut off"    // the connection closed without one
	EndClient = "closed by client"
)

// An End says when and how a stream ended.
type End struct {
	At  time.Duration
	How string
}
