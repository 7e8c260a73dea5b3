package wire_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// entry is the part of a trace's entry that these tests read.
type entry struct {
	Note    string
	Request *struct {
		Path       string
		Body       string
		BodyBase64 string `json:"body_base64"`
	}
	Response *struct {
		Status int
		Body   string
	}
	Records []struct {
		RawBase64 string `json:"raw_base64"`
		Decoded   json.RawMessage
	}
}

func traces(t testing.TB) map[string][]entry {
	t.Helper()
	files, err := filepath.Glob("../replay/testdata/*/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("traces: found %d, %v", len(files), err)
	}
	all := map[string][]entry{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		var entries []entry
		if err := json.NewDecoder(z).Decode(&entries); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(name, "../replay/testdata/")] = entries
	}
	return all
}

func isJSON(b []byte) bool { return len(b) > 0 && b[0] == '{' }

// limits is the only map in the recorded messages; its order is a hash table's.
var limits = regexp.MustCompile(`"limits":\{("\w+":\{"value":[^}]*\}),("\w+":\{"value":[^}]*\})\}`)

func sortLimits(b []byte) []byte {
	return limits.ReplaceAllFunc(b, func(m []byte) []byte {
		p := limits.FindSubmatch(m)
		if bytes.Compare(p[1], p[2]) > 0 {
			p[1], p[2] = p[2], p[1]
		}
		return []byte(`"limits":{` + string(p[1]) + "," + string(p[2]) + "}")
	})
}

// timestamps is the one double with more digits than a human would write. Of
// several shortest texts for it, rapidjson's Grisu2 does not always write the
// nearest one; the value is the same.
var timestamps = regexp.MustCompile(`"timestamp":[0-9.]+`)

func nearest(b []byte) []byte {
	return timestamps.ReplaceAllFunc(b, func(m []byte) []byte {
		d, err := strconv.ParseFloat(string(m[len(`"timestamp":`):]), 64)
		if err != nil {
			return m
		}
		return strconv.AppendFloat([]byte(`"timestamp":`), d, 'f', -1, 64)
	})
}

func TestRecordedEventsEncodeToTheSameBytes(t *testing.T) {
	events := 0
	for name, entries := range traces(t) {
		for _, e := range entries {
			fresh := messageOn(e)
			if fresh == nil {
				continue
			}
			for i, r := range e.Records {
				raw, err := base64.StdEncoding.DecodeString(r.RawBase64)
				if err != nil {
					t.Fatal(err)
				}
				exact := !bytes.Contains(r.Decoded, []byte("@unknown")) && !bytes.Contains(r.Decoded, []byte(`"limits"`))
				checkEvent(t, fmt.Sprintf("%s: %s: record %d", name, e.Note, i), raw, fresh(), exact)
				events++
			}
		}
	}
	if events < 500 {
		t.Errorf("compared %d events, the traces hold more", events)
	}
}

// messageOn makes the events of an entry's stream; nil for the operator API's.
func messageOn(e entry) func() any {
	switch {
	case e.Request == nil:
		return nil
	case strings.HasSuffix(e.Request.Path, "/scheduler"):
		return func() any { return &scheduler.Event{} }
	case strings.Contains(e.Request.Path, "/executor"):
		return func() any { return &executor.Event{} }
	}
	return nil
}

// checkEvent decodes and encodes an event. Protobuf that is not exact has a
// field that mesos-go does not know, or a map.
func checkEvent(t *testing.T, what string, raw []byte, msg any, exact bool) {
	t.Helper()
	codec := wire.Protobuf
	if isJSON(raw) {
		codec = wire.JSON
	}
	if err := codec.Unmarshal(raw, msg); err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	out, err := codec.Marshal(msg)
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if codec == wire.JSON {
		out, raw = nearest(sortLimits(out)), nearest(sortLimits(raw))
	} else if !exact {
		return
	}
	if !bytes.Equal(out, raw) {
		t.Errorf("%s\n got %q\nwant %q", what, out, raw)
	}
}

func TestRecordedCallsAreReadAlikeInBothCodecs(t *testing.T) {
	calls := 0
	for name, entries := range traces(t) {
		for _, e := range entries {
			if e.Request == nil || e.Response == nil || e.Response.Status > 202 {
				continue
			}
			fresh := func() any { return &scheduler.Call{} }
			if strings.Contains(e.Request.Path, "/executor") {
				fresh = func() any { return &executor.Call{} }
			} else if !strings.HasSuffix(e.Request.Path, "/scheduler") {
				continue
			}
			raw, err := base64.StdEncoding.DecodeString(e.Request.BodyBase64)
			if err != nil {
				t.Fatal(err)
			}
			codec := wire.Protobuf
			if e.Request.Body != "" {
				codec, raw = wire.JSON, []byte(e.Request.Body)
			}
			if strings.Contains(e.Note, "Content-Encoding: gzip") {
				continue // recorded as text, which the compressed bytes did not survive
			}
			first := fresh()
			if err := codec.Unmarshal(raw, first); err != nil {
				t.Errorf("%s: %s: %v", name, e.Note, err)
				continue
			}
			calls++
			checkRoundTrip(t, name+": "+e.Note, first, fresh)
		}
	}
	if calls < 500 {
		t.Errorf("read %d calls, the traces hold more", calls)
	}
}

// checkRoundTrip writes msg in each codec, reads it back and compares the
// protobuf of both.
func checkRoundTrip(t *testing.T, what string, msg any, fresh func() any) {
	t.Helper()
	binary, err := wire.MarshalProtobuf(msg)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	again := fresh()
	if err := wire.UnmarshalProtobuf(binary, again); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	text, err := wire.MarshalJSON(msg)
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	textAgain, err := wire.MarshalJSON(again)
	if err != nil || !bytes.Equal(text, textAgain) {
		t.Errorf("%s: through protobuf, %v\n got %s\nwant %s", what, err, textAgain, text)
	}
	if err := wire.UnmarshalJSON(text, fresh()); err != nil {
		t.Errorf("%s: its own JSON: %v", what, err)
	}
}
