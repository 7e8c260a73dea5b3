package replay

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// Load reads a gzip-compressed recording of either format: executor traces
// (headers as an object, "stream_end") and scheduler traces (headers as a list
// of pairs, "end", no actor).
func Load(path string) (*Trace, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load trace: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("load trace %s: %w", path, err)
	}
	var raw []fileEntry
	if err := json.NewDecoder(z).Decode(&raw); err != nil {
		return nil, fmt.Errorf("load trace %s: %w", path, err)
	}
	t := &Trace{Name: strings.TrimSuffix(filepath.Base(path), ".json.gz")}
	for i, r := range raw {
		e, err := r.entry()
		if err != nil {
			return nil, fmt.Errorf("load trace %s: entry %d: %w", path, i, err)
		}
		t.Entries = append(t.Entries, e)
	}
	return t, nil
}

type fileEntry struct {
	Actor    string          `json:"actor"`
	TMs      float64         `json:"t_ms"`
	Note     string          `json:"note"`
	Data     json.RawMessage `json:"data"`
	Request  *fileRequest    `json:"request"`
	Response *fileResponse   `json:"response"`
	Records  []fileRecord    `json:"records"`
	// StreamEnd is the executor traces' name, End the scheduler traces'.
	StreamEnd *fileEnd `json:"stream_end"`
	End       *fileEnd `json:"end"`
}

type fileRequest struct {
	Method     string      `json:"method"`
	Path       string      `json:"path"`
	Headers    fileHeaders `json:"headers"`
	Body       string      `json:"body"`
	BodyBase64 string      `json:"body_base64"`
}

type fileResponse struct {
	Status     int         `json:"status"`
	Reason     string      `json:"reason"`
	Headers    fileHeaders `json:"headers"`
	Body       string      `json:"body"`
	BodyBase64 string      `json:"body_base64"`
	Error      string      `json:"error"`
}

type fileRecord struct {
	Ms        float64  `json:"ms"`
	TMs       *float64 `json:"t_ms"`
	RawBase64 string   `json:"raw_base64"`
}

type fileEnd struct {
	Ms  float64  `json:"ms"`
	TMs *float64 `json:"t_ms"`
	How string   `json:"how"`
}

// fileHeaders reads {"Accept": "x"} and [["Accept", "x"]].
type fileHeaders []Header

func (h *fileHeaders) UnmarshalJSON(b []byte) error {
	var pairs [][2]string
	if json.Unmarshal(b, &pairs) == nil {
		for _, p := range pairs {
			*h = append(*h, Header{p[0], p[1]})
		}
		return nil
	}
	var object map[string]string
	if err := json.Unmarshal(b, &object); err != nil {
		return err
	}
	for name, value := range object {
		*h = append(*h, Header{name, value})
	}
	sort.Slice(*h, func(i, j int) bool { return (*h)[i].Name < (*h)[j].Name })
	return nil
}

func (r fileEntry) entry() (Entry, error) {
	e := Entry{Actor: r.Actor, At: millis(r.TMs), Note: r.Note, Data: r.Data}
	if e.Actor == "" {
		e.Actor = Framework
		if r.Request == nil {
			e.Actor = Operator
		}
	}
	if r.Request == nil {
		return e, nil
	}
	body, err := bodyOf(r.Request.Body, r.Request.BodyBase64)
	if err != nil {
		return e, err
	}
	e.Request = &Request{Method: r.Request.Method, Path: r.Request.Path, Header: r.Request.Headers, Body: body}
	if r.Response != nil {
		if e.Response, err = r.Response.response(); err != nil {
			return e, err
		}
	}
	for _, rec := range r.Records {
		payload, err := base64.StdEncoding.DecodeString(rec.RawBase64)
		if err != nil {
			return e, err
		}
		e.Records = append(e.Records, Record{At: at(rec.Ms, rec.TMs), Payload: payload})
	}
	for _, end := range []*fileEnd{r.StreamEnd, r.End} {
		if end != nil {
			e.End = &End{At: at(end.Ms, end.TMs), How: how(end.How)}
		}
	}
	return e, nil
}

func (r *fileResponse) response() (*Response, error) {
	body, err := bodyOf(r.Body, r.BodyBase64)
	if err != nil {
		return nil, err
	}
	out := &Response{Status: r.Status, Reason: r.Reason, Body: body, Error: r.Error, Header: http.Header{}}
	for _, h := range r.Headers {
		out.Header.Add(h.Name, h.Value)
	}
	return out, nil
}

func bodyOf(text, encoded string) ([]byte, error) {
	if encoded == "" {
		return []byte(text), nil
	}
	return base64.StdEncoding.DecodeString(encoded)
}

func millis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// at prefers t_ms, the clock of the file, where the format has both.
func at(ms float64, tms *float64) time.Duration {
	if tms != nil {
		return millis(*tms)
	}
	return millis(ms)
}

func how(text string) string {
	switch {
	case strings.HasPrefix(text, "terminating chunk"), text == "final chunk":
		return EndProper
	case strings.HasSuffix(text, "use of closed network connection"):
		return EndClient
	case strings.HasPrefix(text, "connection ended"):
		return EndCut
	default:
		return EndClient
	}
}
