package agent_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

const (
	ids       = `"executor_id":{"value":"e1"},"framework_id":{"value":"f1"}`
	heartbeat = `{"type":"HEARTBEAT",` + ids + `}`
)

var asJSON = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}

func TestRoutesAndRefusals(t *testing.T) {
	r := newRig(t, nil)
	subscribed(t, r, false)
	accept := func(value string) http.Header {
		return http.Header{"Content-Type": {"application/json"}, "Accept": {value}}
	}
	content := func(value string) http.Header { return http.Header{"Content-Type": {value}} }
	const notFound, noType = "404 Not Found.", "Failed to validate agent::Call: Expecting 'type' to be present"
	const unsupported = "Expecting 'Content-Type' of application/json or application/x-protobuf"
	for _, row := range []struct {
		name, method, path string
		header             http.Header
		body               string
		status             int
		text               string
	}{
		{"HEARTBEAT", "POST", "/api/v1/executor", asJSON, heartbeat, 202, ""},
		{"the agent's own name", "POST", "/slave(1)/api/v1/executor", asJSON, heartbeat, 202, ""},
		{"the name escaped", "POST", "/slave%281%29/api/v1/executor", asJSON, heartbeat, 202, ""},
		{"trailing slash", "POST", "/api/v1/executor/", asJSON, heartbeat, 202, ""},
		{"query", "POST", "/api/v1/executor?x=1", asJSON, heartbeat, 202, ""},
		{"double slash", "POST", "//api/v1/executor", asJSON, heartbeat, 202, ""},
		{"operator API", "POST", "/api/v1/executors", asJSON, heartbeat, 400, noType},
		{"operator API by case", "POST", "/api/v1/Executor", asJSON, heartbeat, 400, noType},
		{"GET_HEALTH", "POST", "/slave(1)/api/v1", asJSON, `{"type":"GET_HEALTH"}`, 200, `{"type":"GET_HEALTH","get_health":{"healthy":true}}`},
		{"nobody's path", "POST", "/nope", asJSON, heartbeat, 404, notFound},
		{"another agent's name", "POST", "/slave(2)/api/v1/executor", asJSON, heartbeat, 404, notFound},
		{"root", "POST", "/", asJSON, heartbeat, 404, notFound},
		{"GET", "GET", "/api/v1/executor", asJSON, "", 405, "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'."},
		{"no Content-Type", "POST", "/api/v1/executor", http.Header{}, heartbeat, 400, "Expecting 'Content-Type' to be present"},
		{"Content-Type with parameter", "POST", "/api/v1/executor", content("application/json; charset=utf-8"), heartbeat, 415, unsupported},
		{"empty Content-Type", "POST", "/api/v1/executor", content(""), heartbeat, 415, unsupported},
		{"no JSON", "POST", "/api/v1/executor", asJSON, "hello", 400, "Failed to parse body into JSON: syntax error at line 1 near: hello"},
		{
			"ids missing", "POST", "/api/v1/executor", asJSON, "{}", 400,
			"Failed to convert JSON into Call protobuf: Missing required fields: executor_id, framework_id",
		},
		{"no protobuf", "POST", "/api/v1/executor", content("application/x-protobuf"), "hello", 400, "Failed to parse body into Call protobuf"},
		{"type missing", "POST", "/api/v1/executor", asJSON, "{" + ids + "}", 400, "Failed to validate Executor::Call: Expecting 'type' to be present"},
		{"type UNKNOWN", "POST", "/api/v1/executor", asJSON, `{"type":"UNKNOWN",` + ids + `}`, 501, "501 Not Implemented."},
		{
			"SUBSCRIBE, not acceptable", "POST", "/api/v1/executor", accept("application/recordio"), `{"type":"SUBSCRIBE","subscribe":{},` + ids + `}`, 406,
			"Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
		},
		{"HEARTBEAT, not acceptable", "POST", "/api/v1/executor", accept("text/html"), heartbeat, 202, ""},
		{
			"unknown framework", "POST", "/api/v1/executor", asJSON,
			`{"type":"SUBSCRIBE","subscribe":{},"executor_id":{"value":"e1"},"framework_id":{"value":"x"}}`, 400, "Framework cannot be found",
		},
		{
			"unknown executor", "POST", "/api/v1/executor", asJSON,
			`{"type":"SUBSCRIBE","subscribe":{},"executor_id":{"value":""},"framework_id":{"value":"f1"}}`, 400, "Executor cannot be found",
		},
		{
			"broken gzip", "POST", "/api/v1/executor",
			http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
			heartbeat, 500, "failed to decode body",
		},
		{
			"gzip", "POST", "/api/v1/executor",
			http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
			zipped(t, heartbeat), 202, "",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			x := r.api(wire.JSON)
			x.t, x.url = t, "http://"+r.address+row.path
			if status, text := x.raw(row.method, row.header.Clone(), row.body); status != row.status || text != row.text {
				t.Errorf("%d %s\nwant %d %s", status, text, row.status, row.text)
			}
		})
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestCallsRefused(t *testing.T) {
	r := newRig(t, nil)
	subscribed(t, r, false)
	status := func(change func(*mesos.TaskStatus)) *wireexec.Call {
		s := newStatus("t1", mesos.TASK_RUNNING)
		change(&s)
		return update(s)
	}
	uuid := func(bytes ...byte) func(*mesos.TaskStatus) {
		return func(s *mesos.TaskStatus) { s.UUID = bytes }
	}
	version := func(n byte) func(*mesos.TaskStatus) { return func(s *mesos.TaskStatus) { s.UUID[6] = n << 4 } }
	check := func(c mesos.CheckStatusInfo) func(*mesos.TaskStatus) {
		return func(s *mesos.TaskStatus) { s.CheckStatus = &c }
	}
	source := func(n mesos.TaskStatus_Source) func(*mesos.TaskStatus) {
		return func(s *mesos.TaskStatus) { s.Source = n.Enum() }
	}
	const badSource = "Received Call from executor e1 of framework f1 with invalid source, expecting 'SOURCE_EXECUTOR'"
	for _, row := range []struct {
		name string
		call *wireexec.Call
		want string // after "Failed to validate Executor::Call: "; "" is 202
	}{
		{"SUBSCRIBE without", &wireexec.Call{Type: wireexec.Call_SUBSCRIBE}, "Expecting 'subscribe' to be present"},
		{"UPDATE without", &wireexec.Call{Type: wireexec.Call_UPDATE}, "Expecting 'update' to be present"},
		{"MESSAGE without", &wireexec.Call{Type: wireexec.Call_MESSAGE}, "Expecting 'message' to be present"},
		{"uuid missing", status(func(s *mesos.TaskStatus) { s.UUID = nil }), "Expecting 'uuid' to be present"},
		{"uuid empty", status(uuid([]byte{}...)), "Not a valid UUID"},
		{"uuid short", status(uuid(1, 2, 3)), "Not a valid UUID"},
		{"uuid zero", status(uuid(make([]byte, 16)...)), "Not a valid UUID"},
		{"uuid version 1", status(version(1)), ""},
		{"uuid version 5", status(version(5)), ""},
		{"uuid version 6", status(version(6)), "Not a valid UUID"},
		{"uuid version 15", status(version(15)), "Not a valid UUID"},
		{"source missing", status(func(s *mesos.TaskStatus) { s.Source = nil }), badSource},
		{"source master", status(source(mesos.SOURCE_MASTER)), badSource},
		{
			"TASK_STAGING", status(func(s *mesos.TaskStatus) { s.State = mesos.TASK_STAGING.Enum() }),
			"Received TASK_STAGING from executor e1 of framework f1 which is not allowed",
		},
		{
			"another executor", status(func(s *mesos.TaskStatus) { s.ExecutorID.Value = "other" }),
			"ExecutorID in Call: e1 does not match ExecutorID in TaskStatus: other",
		},
		{"no executor", status(func(s *mesos.TaskStatus) { s.ExecutorID = nil }), ""},
		{"check without type", status(check(mesos.CheckStatusInfo{})), "CheckStatusInfo must specify 'type'"},
		{
			"check TCP without tcp", status(check(mesos.CheckStatusInfo{Type: mesos.CheckInfo_TCP.Enum()})),
			"Expecting 'tcp' to be set for TCP check's status",
		},
		{
			"check HTTP without http", status(check(mesos.CheckStatusInfo{Type: mesos.CheckInfo_HTTP.Enum()})),
			"Expecting 'http' to be set for HTTP check's status",
		},
		{"check COMMAND complete", status(check(mesos.CheckStatusInfo{
			Type: mesos.CheckInfo_COMMAND.Enum(), Command: &mesos.CheckStatusInfo_Command{},
		})), ""},
	} {
		for _, codec := range []wire.Codec{wire.JSON, wire.Protobuf} {
			t.Run(row.name+"/"+codec.ContentType(), func(t *testing.T) {
				x := r.api(codec)
				x.t = t
				status, text := x.call(row.call)
				if row.want == "" {
					if status != 202 || text != "" {
						t.Errorf("%d %s, want 202", status, text)
					}
					return
				}
				if status != 400 || strings.TrimPrefix(text, "Failed to validate Executor::Call: ") != row.want {
					t.Errorf("%d %s\nwant 400 %s", status, text, row.want)
				}
			})
		}
	}
}

func TestNotSubscribed(t *testing.T) {
	r := newRig(t, nil)
	r.launch(frameworkInfo(false), executorInfo(waiting), true, "t1")
	r.sandbox("e1")
	x := r.api(wire.JSON)
	for _, c := range []*wireexec.Call{
		update(newStatus("t1", mesos.TASK_RUNNING)), {Type: wireexec.Call_MESSAGE, Message: &wireexec.Call_Message{Data: []byte("x")}},
	} {
		if status, text := x.call(c); status != 403 || text != "Executor is not subscribed" {
			t.Errorf("%v: %d %s", c.Type, status, text)
		}
	}
}
