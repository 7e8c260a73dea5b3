package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

func TestRecordsSurviveAnyChunks(t *testing.T) {
	records := []string{"", "a", `{"type":"HEARTBEAT"}`, strings.Repeat("x", 100_000)}
	for _, split := range []int{0, 1, 7, 4096} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			out, err := wire.Stream(w, wire.JSON)
			if err != nil {
				t.Error(err)
				return
			}
			out.Split = split
			for _, r := range records {
				if err := out.Write([]byte(r)); err != nil {
					t.Error(err)
				}
			}
		}))
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header.Get("Content-Type"); got != "application/json" || resp.ContentLength != -1 {
			t.Errorf("split %d: Content-Type %q, length %d", split, got, resp.ContentLength)
		}
		in := wire.NewReader(resp.Body, 1<<20)
		for i, want := range records {
			if got, err := in.Read(); err != nil || string(got) != want {
				t.Errorf("split %d: record %d has %d bytes, %v; want %d", split, i, len(got), err, len(want))
			}
		}
		if _, err := in.Read(); !errors.Is(err, io.EOF) {
			t.Errorf("split %d: after the last record: %v, want EOF", split, err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	}
}

func TestMalformedRecords(t *testing.T) {
	for _, c := range []struct {
		in   string
		want error
	}{
		{"", io.EOF},
		{"5", io.ErrUnexpectedEOF},
		{"5\n", io.ErrUnexpectedEOF},
		{"5\nabc", io.ErrUnexpectedEOF},
		{"x\nabc", wire.ErrRecord},
		{"-1\nabc", wire.ErrRecord},
		{" 1\nabc", wire.ErrRecord},
		{"1001\n", wire.ErrRecord},
		{"99999999999999999999\n", wire.ErrRecord},
	} {
		if _, err := wire.NewReader(strings.NewReader(c.in), 1000).Read(); !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.in, err, c.want)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{"", "0\n", "3\nabc2\nde", "10\nabc", "-1\n", "1\n\n1\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := wire.NewReader(bytes.NewReader(in), 1000)
		var out bytes.Buffer
		w := wire.NewWriter(&out)
		for {
			record, err := r.Read()
			if err != nil {
				break
			}
			if err := w.Write(record); err != nil {
				t.Fatal(err)
			}
		}
		if out.Len() > len(in) {
			t.Errorf("%d bytes of records from %d bytes", out.Len(), len(in))
		}
	})
}
