package flockertest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

func TestPythonForms(t *testing.T) {
	for text, want := range map[string][2]string{
		`60.0`:            {"60.0", "60.0"},
		`1e300`:           {"1e+300", "1e+300"},
		`0.000001`:        {"1e-06", "1e-06"},
		`-8.781e-3`:       {"-0.008781", "-0.008781"},
		`1e10`:            {"10000000000.0", "10000000000.0"},
		`1e16`:            {"1e+16", "1e+16"},
		`"é\"\\\n€😀"`:     {`"\u00e9\"\\\n\u20ac\ud83d\ude00"`, `u'\xe9"\\\n\u20ac\U0001f600'`},
		`"it's"`:          {`"it's"`, `u"it's"`},
		`null`:            {"null", "None"},
		`[true, {"a":7}]`: {"", "[True, {u'a': 7}]"},
	} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if got := flockertest.Repr(v); got != want[1] {
			t.Errorf("repr of %s: %s, want %s", text, got, want[1])
		}
		if n, ok := v.(json.Number); ok {
			v, _ = n.Float64()
		}
		if got := want[0]; got != "" && flockertest.Dumps(v) != got {
			t.Errorf("dumps of %s: %s, want %s", text, flockertest.Dumps(v), got)
		}
	}
}

// FuzzRequests sends anything anywhere: every answer must be one of the API's.
func FuzzRequests(f *testing.F) {
	for _, body := range []string{
		`{"primary": "` + node1 + `", "metadata": {"a": "b"}, "maximum_size": 67108864, "dataset_id": "` + node2 + `"}`,
		lease("1e300"), lease("-1"), `{"primary": {}}`, `[]`, `1`, "", "{", "\xff", `{"expires": 1e999}`,
		`{"primary": "` + node1 + `", "maximum_size": 1e400}`, `{"primary": "` + node1 + `", "maximum_size": 99999999999999999999999}`,
	} {
		for _, path := range []string{"/v1/configuration/datasets", "/v1/configuration/datasets/" + node2, "/v1/configuration/leases", "/v1/state/nodes/by_era/x"} {
			f.Add("POST", path, body)
			f.Add("GET", path, body)
		}
	}
	s := &flockertest.Service{Nodes: []flockertest.Node{}}
	f.Cleanup(s.Close)
	if err := s.Start(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Method, r.RequestURI = method, path
		switch status := s.AnswerTo(r, []byte(body)); status {
		case 200, 201, 400, 404, 405, 409, 412, 500:
		default:
			t.Errorf("%s %s %s: %d", method, path, body, status)
		}
	})
}
