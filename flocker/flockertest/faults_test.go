package flockertest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

const leases = "/v1/configuration/leases"

// lease asks for node1's lease of a dataset that has the node's id.
func lease(expires string) string {
	return `{"dataset_id": "` + node1 + `", "node_uuid": "` + node1 + `", "expires": ` + expires + `}`
}

func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// fails sends a request that must get no answer.
func fails(t *testing.T, c *http.Client, method, url, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(r)
	if err == nil {
		response.Body.Close()
		t.Errorf("%s %s: %s, want a broken connection", method, url, response.Status)
	}
}

func TestConnectionDropsBeforeAndAfter(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	c, url := client(t), s.URL()+leases
	s.Inject(flockertest.Fault{Method: "POST", Path: leases, Drop: flockertest.BeforeApplied})
	fails(t, c, "POST", url, lease("60"))
	if l := s.Leases(); len(l) != 0 {
		t.Errorf("applied all the same: %v", l)
	}
	s.Inject(flockertest.Fault{Method: "POST", Path: leases, Drop: flockertest.AfterApplied})
	fails(t, c, "POST", url, lease("60"))
	if l := s.Leases(); len(l) != 1 {
		t.Errorf("not applied: %v", l)
	}
	if status, body := call(t, c, "POST", url, lease("60")); status != 200 {
		t.Errorf("a fault hit twice: %d %s", status, body)
	}
	log := s.Entries()
	if len(log) != 3 || log[0].Status != 0 || log[1].Status != 201 || log[1].Fault == "" || log[2].Fault != "" {
		t.Errorf("log: %v", log)
	}
}

func TestAnswersOfFaults(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	c := client(t)
	for name, want := range map[string]struct {
		answer *flockertest.Answer
		status int
		json   bool
	}{
		"500":     {flockertest.ServerError(), 500, true},
		"503":     {flockertest.Unavailable(), 503, false},
		"html":    {flockertest.HTML(), 200, false},
		"garbage": {flockertest.Garbage(), 200, false},
	} {
		s.Inject(flockertest.Fault{Path: "/v1/state/*", Skip: 1, Answer: want.answer})
		call(t, c, "GET", s.URL()+"/v1/state/nodes", "")
		status, body := call(t, c, "GET", s.URL()+"/v1/state/nodes?x=1", "")
		var v any
		if isJSON := json.Unmarshal([]byte(body), &v) == nil; status != want.status || isJSON != want.json {
			t.Errorf("%s: %d %q", name, status, body)
		}
		if status, body := call(t, c, "GET", s.URL()+"/v1/state/nodes", ""); status != 200 {
			t.Errorf("after %s: %d %q", name, status, body)
		}
	}
}

func TestDelayUntilRemoved(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	fault := s.Inject(flockertest.Fault{Until: make(chan struct{})})
	done := make(chan int)
	go func() {
		status, _ := call(t, client(t), "GET", s.URL()+"/v1/version", "")
		done <- status
	}()
	<-fault.Hit()
	if len(s.Entries()) != 0 {
		t.Error("answered already")
	}
	fault.Remove()
	fault.Remove()
	if status := <-done; status != 200 {
		t.Errorf("status %d", status)
	}
}

func TestCloseDoesNotWaitForDelays(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	fault := s.Inject(flockertest.Fault{Delay: time.Hour})
	done := make(chan struct{})
	go func() {
		defer close(done)
		fails(t, client(t), "GET", s.URL()+"/v1/version", "")
	}()
	<-fault.Hit()
	s.Close()
	<-done
}

func TestLogNamesTheNode(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	url, err := s.Listen("alpha", "")
	if err != nil {
		t.Fatal(err)
	}
	entries, cancel := s.Subscribe()
	defer cancel()
	c := client(t)
	call(t, c, "POST", url+leases, lease("null"))
	call(t, c, "DELETE", url+leases+"/"+node1, "")
	call(t, c, "GET", s.URL()+"/v1/version", "")
	for _, want := range []string{"POST", "DELETE"} {
		if e := <-entries; e.Node != "alpha" || e.Method != want {
			t.Errorf("logged as %v", e)
		}
	}
	if e := <-entries; e.Node != "" {
		t.Errorf("logged as %v", e)
	}
	e, err := s.WaitEntry(brief(t), func(e flockertest.Entry) bool { return e.Method == "DELETE" })
	if err != nil || e.Seq != 1 || !strings.Contains(e.String(), "alpha DELETE") {
		t.Errorf("%v, %v", e, err)
	}
}

func TestTagIsCheckedBeforeAllElse(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	send := tagged(t, s.URL())
	const datasets = "/v1/configuration/datasets"
	_, _, tag := send("GET", datasets, "", "")
	for _, r := range [][3]string{{"POST", datasets, "{"}, {"POST", datasets + "/nope", "{"}, {"DELETE", datasets + "/nope", ""}} {
		status, body, _ := send(r[0], r[1], "wrong", r[2])
		if want := `{"description": "Tag doesn't match. Required: wrong, current: ` + tag + `"}`; status != 412 || body != want {
			t.Errorf("%v: %d %s", r, status, body)
		}
	}
	if status, body, _ := send("POST", leases, "wrong", lease("60")); status != 201 {
		t.Errorf("leases do not look at the tag: %d %s", status, body)
	}
	_, _, moved := send("GET", datasets, "", "")
	if len(tag) != 32 || moved == tag {
		t.Errorf("tag %s after a lease, %s before", moved, tag)
	}
	if status, body, _ := send("POST", datasets, moved, `{"primary": "`+node1+`"}`); status != 201 {
		t.Errorf("with the right tag: %d %s", status, body)
	}
}

// tagged returns what sends a request on the condition of a tag, "" for none, and
// says status, body and the tag of the answer.
func tagged(t *testing.T, url string) func(method, path, tag, body string) (status int, text, now string) {
	t.Helper()
	c := client(t)
	return func(method, path, tag, body string) (int, string, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if tag != "" {
			r.Header.Set("X-If-Configuration-Matches", tag)
		}
		response, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		data := make([]byte, 200)
		n, _ := response.Body.Read(data)
		return response.StatusCode, string(data[:n]), response.Header.Get("X-Configuration-Tag")
	}
}
