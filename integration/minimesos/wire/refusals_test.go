package wire_test

import (
	"encoding/base64"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mesos/mesos-go/api/v1/lib/agent"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// Every refusal that the traces explain with the body alone comes out of the
// codec in the same words.
func TestRecordedRefusalsOfBodies(t *testing.T) {
	refused := 0
	for name, entries := range traces(t) {
		for _, e := range entries {
			if e.Request == nil || e.Response == nil || !strings.HasPrefix(e.Response.Body, "Failed to parse") &&
				!strings.HasPrefix(e.Response.Body, "Failed to convert") {
				continue
			}
			body, contentType := e.Request.Body, wire.JSON.ContentType()
			if strings.Contains(e.Response.Body, "parse body into Call") || strings.Contains(e.Response.Body, "parse body into a ") {
				raw, err := base64.StdEncoding.DecodeString(e.Request.BodyBase64)
				if err != nil {
					t.Fatal(err)
				}
				body, contentType = string(raw), wire.Protobuf.ContentType()
			}
			var msg any = &executor.Call{}
			if strings.HasSuffix(e.Request.Path, "/scheduler") {
				msg = &scheduler.Call{}
			}
			r := httptest.NewRequest("POST", "/", strings.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			read := wire.ReadCall
			if strings.HasSuffix(e.Response.Body, "into a protobuf object") {
				read, msg = wire.ReadOperatorCall, &agent.Call{}
			}
			_, err := read(r, msg)
			var p *wire.Problem
			if !errors.As(err, &p) || p.Status != e.Response.Status || p.Text != e.Response.Body {
				t.Errorf("%s: %s: got %v, want %d %s", name, e.Note, err, e.Response.Status, e.Response.Body)
			}
			refused++
		}
	}
	if refused < 30 {
		t.Errorf("compared %d refusals, the traces hold more", refused)
	}
}
