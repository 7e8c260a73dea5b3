package wire_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

const heartbeat = `{"type":"HEARTBEAT","executor_id":{"value":"e"},"framework_id":{"value":"f"}}`

// newServer answers 202 to a call that can be read and the refusal otherwise.
func newServer(t *testing.T) *httptest.Server {
	s := httptest.NewServer(wire.DecodeBody(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := wire.ReadCall(r, &executor.Call{})
		var p *wire.Problem
		if errors.As(err, &p) {
			p.Write(w)
			return
		}
		if err != nil {
			t.Error(err)
		}
		wire.Accept(w)
	})))
	t.Cleanup(s.Close)
	return s
}

func zip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRequests(t *testing.T) {
	zipped := zip(t, heartbeat)
	server := newServer(t)
	otherType := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	jsonType := http.Header{"Content-Type": {"application/json"}}
	zippedType := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	for _, c := range []struct {
		name, method string
		header       http.Header
		body         string
		status       int
		text         string
		closed       bool
	}{
		{"accepted", "POST", jsonType, heartbeat, 202, "", false},
		{"gzip", "POST", zippedType, zipped, 202, "", false},
		{"broken gzip", "POST", zippedType, heartbeat, 500, "failed to decode body", true},
		{"broken gzip, GET", "GET", zippedType, heartbeat, 500, "failed to decode body", true},
		{"cut gzip", "POST", zippedType, zipped[:30], 500, "failed to decode body", true},
		{"method", "PUT", jsonType, heartbeat, 405, "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'PUT'.", false},
		{"no type", "POST", nil, heartbeat, 400, "Expecting 'Content-Type' to be present", false},
		{"other type", "POST", otherType, heartbeat, 415, "Expecting 'Content-Type' of application/json or application/x-protobuf", false},
	} {
		resp, text := do(t, c.method, server.URL, c.header, c.body) //nolint:bodyclose // do has closed it
		if resp.StatusCode != c.status || text != c.text || resp.Close != c.closed {
			t.Errorf("%s: %d %q, close %v", c.name, resp.StatusCode, text, resp.Close)
		}
		if allow := resp.Header.Get("Allow"); (allow == "POST") != (c.status == 405) {
			t.Errorf("%s: Allow %q", c.name, allow)
		}
	}
}

func do(t *testing.T, method, url string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	return resp, string(text)
}

// Has tells an absent type from UNKNOWN, in both codecs.
func TestHas(t *testing.T) {
	for _, c := range []struct {
		name, contentType, body string
		want                    bool
	}{
		{"JSON absent", "application/json", `{"executor_id":{"value":"e"},"framework_id":{"value":"f"}}`, false},
		{"JSON null", "application/json", `{"type":null,"executor_id":{"value":"e"},"framework_id":{"value":"f"}}`, false},
		{"JSON no such name", "application/json", `{"type":"X","executor_id":{"value":"e"},"framework_id":{"value":"f"}}`, false},
		{"JSON UNKNOWN", "application/json", `{"type":"UNKNOWN","executor_id":{"value":"e"},"framework_id":{"value":"f"}}`, true},
		{"protobuf absent", "application/x-protobuf", "\x0a\x03\x0a\x01e\x12\x03\x0a\x01f", false},
		{"protobuf UNKNOWN", "application/x-protobuf", "\x0a\x03\x0a\x01e\x12\x03\x0a\x01f\x18\x00", true},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.contentType)
		call, err := wire.ReadCall(r, &executor.Call{})
		if err != nil || call.Has("type") != c.want || !call.Has("executor_id") {
			t.Errorf("%s: %v %+v", c.name, err, call)
		}
	}
}
