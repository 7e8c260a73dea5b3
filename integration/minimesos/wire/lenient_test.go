package wire_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

func TestLenientInput(t *testing.T) {
	const ids = `"task_id":{"value":"t"},"state":"TASK_RUNNING"`
	for _, c := range []struct{ in, want string }{
		{`{` + ids + `,"timestamp":"1.5"}`, `"timestamp":1.5`},
		{`{` + ids + `,"timestamp":7}`, `"timestamp":7.0`},
		{`{` + ids + `,"timestamp":1e30}`, `"timestamp":1e30`},
		{`{` + ids + `,"timestamp":-2.5E-9}`, `"timestamp":-2.5e-9`},
		{`{` + ids + `,"healthy":"true"}`, `"healthy":true`},
		{`{` + ids + `,"healthy":null}`, ids},
		{`{` + ids + `,"reason":"NO_SUCH_REASON"}`, ids},
		{`{` + ids + `,"data":""}`, `"data":""`},
		{`{` + ids + `,"data":"YQ"}`, `"data":"YQ=="`},
		{`{` + ids + `,"data":"YWI=c*"}`, `"data":"YWI="`},
		{`{` + ids + `,"message":"\u00e9\ud83d\ude00\n\"\\\u0001/"}`, `"message":"é😀\n\"\\\u0001/"`},
		{`{` + ids + `,"labels":{"labels":{"key":"one"}}}`, `"labels":{"labels":[{"key":"one"}]}`},
		{`{` + ids + `,"container_status":{"executor_pid":4294967295}}`, `"executor_pid":4294967295`},
		{`{` + ids + `,"container_status":{"executor_pid":12.9}}`, `"executor_pid":12`},
		{`{"state":"TASK_LOST",` + ids + `}`, ids},
	} {
		var status mesos.TaskStatus
		if err := wire.UnmarshalJSON([]byte(c.in), &status); err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		got, err := wire.MarshalJSON(&status)
		if err != nil || !strings.Contains(string(got), c.want) {
			t.Errorf("%s: %s, %v; want %s in it", c.in, got, err, c.want)
		}
	}
}

func TestRefusedInput(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{
			`{"type":"ACCEPT","accept":{"operations":[{"type":"LAUNCH","launch":{"task_infos":[{"name":"n"}]}}]}}`,
			"Missing required fields: accept.operations[0].launch.task_infos[0].task_id, accept.operations[0].launch.task_infos[0].agent_id",
		},
		{`{"subscribe":{"framework_info":{"user":"u","name":"n","checkpoint":1}}}`, "Not expecting a JSON number for field 'checkpoint'"},
		{`{"subscribe":{"framework_info":{"user":1,"name":"n"}}}`, "Not expecting a JSON number for field 'user'"},
		{`{"subscribe":{"framework_info":{"user":"u","name":"n","failover_timeout":true}}}`, "Not expecting a JSON boolean for field 'failover_timeout'"},
		{`{"subscribe":{"framework_info":{"user":"u","name":"n","checkpoint":{}}}}`, "Not expecting a JSON object for field 'checkpoint'"},
		{"{\n\"a\": tru\n}", "syntax error at line 2 near: "},
		{`{"a":1}x`, "Parsed JSON included non-whitespace trailing characters: x"},
		{`{"a":01x}`, "syntax error at line 1 near: x}"},
		{`{"a":"\ud83d"}`, `syntax error at line 1 near: "}`},
		{strings.Repeat("[", 100_000), "syntax error at line 1 near: "},
	} {
		err := wire.UnmarshalJSON([]byte(c.in), &scheduler.Call{})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.200s: %v, want %s", c.in, err, c.want)
		}
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	if b, err := wire.MarshalJSON(&scheduler.Event_Subscribed{}); err == nil {
		t.Errorf("a required field without a value was written: %s", b)
	}
	if b, err := wire.MarshalProtobuf(&scheduler.Event_Subscribed{}); err == nil {
		t.Errorf("a required field without a value was written: %x", b)
	}
	if _, err := wire.MarshalJSON(executor.Call{}); err == nil {
		t.Error("a message that is no pointer was written")
	}
	if err := wire.UnmarshalJSON([]byte("{}"), nil); err == nil {
		t.Error("nil was read into")
	}
}

// Whatever is read is written in a form that is read back to the same text.
func FuzzJSON(f *testing.F) {
	for _, entries := range traces(f) {
		for _, e := range entries[:min(3, len(entries))] {
			if e.Request != nil && len(e.Request.Body) < 3000 {
				f.Add([]byte(e.Request.Body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var call scheduler.Call
		if wire.UnmarshalJSON(in, &call) != nil {
			return
		}
		text, err := wire.MarshalJSON(&call)
		if err != nil {
			return // an infinite double
		}
		var again scheduler.Call
		if err := wire.UnmarshalJSON(text, &again); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if second, err := wire.MarshalJSON(&again); err != nil || string(second) != string(text) {
			t.Fatalf("%v\n%s\n%s", err, text, second)
		}
	})
}

func FuzzProtobuf(f *testing.F) {
	f.Add([]byte("\x0a\x03\x0a\x01e\x12\x03\x0a\x01f\x18\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var call executor.Call
		if wire.UnmarshalProtobuf(in, &call) != nil {
			return
		}
		out, err := wire.MarshalProtobuf(&call)
		if err != nil {
			t.Fatal(err)
		}
		if err := wire.UnmarshalProtobuf(out, &executor.Call{}); err != nil {
			t.Fatalf("%x: %v", out, err)
		}
	})
}
