package flockertest_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

const (
	node1 = "11111111-1111-4111-8111-111111111111"
	node2 = "22222222-2222-4222-8222-222222222222"
)

// start runs a service until the end of the test.
func start(t *testing.T, s *flockertest.Service) {
	t.Helper()
	t.Cleanup(s.Close)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
}

func call(t *testing.T, c *http.Client, method, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// brief is a context for one wait.
func brief(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestZeroServiceHasTwoNodesAndMovesDatasets(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	replies(t, &s, "GET", "/v1/state/nodes", "", 200, `[{"host": "127.0.0.1", "uuid": "`+node1+`"}, {"host": "127.0.0.2", "uuid": "`+node2+`"}]`)
	const id, datasets = "aaaaaaaa-0001-4000-8000-000000000001", "/v1/configuration/datasets"
	replies(t, &s, "POST", datasets, `{"primary": "`+node1+`", "dataset_id": "`+id+`", "metadata": {"name": "v"}}`, 201, "")
	if path, err := s.WaitMounted(brief(t), id, node1); err != nil || path != "/flocker/"+id {
		t.Fatalf("mounted at %q, %v", path, err)
	}
	replies(t, &s, "POST", datasets+"/"+id, `{"primary": "`+node2+`"}`, 200, "")
	if _, err := s.WaitMounted(brief(t), id, node2); err != nil {
		t.Fatal(err)
	}
	replies(t, &s, "GET", "/v1/state/datasets", "", 200,
		`[{"path": "/flocker/`+id+`", "dataset_id": "`+id+`", "maximum_size": 80530636800, "primary": "`+node2+`"}]`)
	replies(t, &s, "DELETE", datasets+"/"+id, "", 200, "")
	gone := func(_ flockertest.DatasetState, exists bool) bool { return !exists }
	if err := s.WaitState(brief(t), id, gone); err != nil {
		t.Fatal(err)
	}
}

// replies sends a request that must be answered so; any body will do for "".
func replies(t *testing.T, s *flockertest.Service, method, path, body string, status int, want string) {
	t.Helper()
	got, text := call(t, client(t), method, s.URL()+path, body)
	if got != status || want != "" && text != want {
		t.Fatalf("%s %s: %d %s", method, path, got, text)
	}
}
