package flockertest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exchange is one request with what was answered.
type exchange struct {
	File string  `json:"-"`
	Seq  int     `json:"seq"`
	T    float64 `json:"t"`
	Note string  `json:"note"`

	Request struct {
		Method string `json:"method"`
		Path   string `json:"path"`
		Body   string `json:"body"`
	} `json:"request"`
	RequestRaw string  `json:"request_raw"`
	Response   answers `json:"response"`
}

// answer is one HTTP response, taken apart.
type answer struct {
	Version string      `json:"http_version"`
	Status  int         `json:"status"`
	Reason  string      `json:"reason"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
}

// answers are those of one exchange: several where the request was pipelined or
// asked to continue.
type answers []answer

func (a *answers) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("{")) {
		data = append(append([]byte("["), data...), ']')
	}
	return json.Unmarshal(data, (*[]answer)(a))
}

func (e exchange) String() string {
	return fmt.Sprintf("%s #%d %s %s", e.File, e.Seq, e.Request.Method, e.Request.Path)
}

// poll says that the recorder asked again and again here, and kept what changed.
func (e exchange) poll() bool { return strings.HasPrefix(e.Note, "poll every") }

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func unzip(t *testing.T, name string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(readFile(t, name+".gz")))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// load reads recordings that belong together as one, and leaves out of their
// lists what other recordings had put there.
func load(t *testing.T, files ...string) []exchange {
	t.Helper()
	var all []exchange
	for _, file := range files {
		var part []exchange
		if err := json.Unmarshal(unzip(t, "transcripts/"+file+".json"), &part); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		offset := 0.0
		if len(all) > 0 {
			offset = all[len(all)-1].T
		}
		for i := range part {
			part[i].File = file
			part[i].T += offset
		}
		all = append(all, part...)
	}
	dropForeign(all)
	return all
}

// dropForeign removes datasets from recorded lists that no exchange created.
func dropForeign(all []exchange) {
	made := map[string]bool{}
	for i := range all {
		for j := range all[i].Response {
			a := &all[i].Response[j]
			var list []map[string]any
			if a.Status == 201 {
				var one map[string]any
				if json.Unmarshal([]byte(a.Body), &one) == nil {
					made[fmt.Sprint(one["dataset_id"])] = true
				}
			}
			if !strings.HasSuffix(all[i].Request.Path, "/datasets") || json.Unmarshal([]byte(a.Body), &list) != nil {
				continue
			}
			kept := []map[string]any{}
			for _, d := range list {
				if made[fmt.Sprint(d["dataset_id"])] {
					kept = append(kept, d)
				}
			}
			if len(kept) != len(list) {
				a.Body = toJSON(kept)
			}
		}
	}
}

func toJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}
