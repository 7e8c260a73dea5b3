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
	c := &http.Client{}
	defer c.CloseIdleConnections()
	status, body := call(t, c, "GET", s.URL()+"/v1/state/nodes", "")
	want := `[{"host": "127.0.0.1", "uuid": "` + node1 + `"}, {"host": "127.0.0.2", "uuid": "` + node2 + `"}]`
	if status != 200 || body != want {
		t.Fatalf("nodes: %d %s", status, body)
	}
	id := "aaaaaaaa-0001-4000-8000-000000000001"
	status, body = call(t, c, "POST", s.URL()+"/v1/configuration/datasets", `{"primary": "`+node1+`", "dataset_id": "`+id+`", "metadata": {"name": "v"}}`)
	if status != 201 {
		t.Fatalf("create: %d %s", status, body)
	}
	path, err := s.WaitMounted(brief(t), id, node1)
	if err != nil || path != "/flocker/"+id {
		t.Fatalf("mounted at %q, %v", path, err)
	}
	if status, body = call(t, c, "POST", s.URL()+"/v1/configuration/datasets/"+id, `{"primary": "`+node2+`"}`); status != 200 {
		t.Fatalf("move: %d %s", status, body)
	}
	if _, err := s.WaitMounted(brief(t), id, node2); err != nil {
		t.Fatal(err)
	}
	_, body = call(t, c, "GET", s.URL()+"/v1/state/datasets", "")
	want = `[{"path": "/flocker/` + id + `", "dataset_id": "` + id + `", "maximum_size": 80530636800, "primary": "` + node2 + `"}]`
	if body != want {
		t.Fatalf("state: %s", body)
	}
	if status, body = call(t, c, "DELETE", s.URL()+"/v1/configuration/datasets/"+id, ""); status != 200 {
		t.Fatalf("delete: %d %s", status, body)
	}
	gone := func(_ flockertest.DatasetState, exists bool) bool { return !exists }
	if err := s.WaitState(brief(t), id, gone); err != nil {
		t.Fatal(err)
	}
}
