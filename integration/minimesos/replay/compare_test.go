package replay_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

func load(t testing.TB, name string) *replay.Trace {
	t.Helper()
	tr, err := replay.Load(filepath.Join("testdata", name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func all(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.json.gz")
	if err != nil || len(files) < 70 {
		t.Fatalf("traces: %d, %v", len(files), err)
	}
	for i := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(files[i], "testdata/"), ".json.gz")
	}
	return files
}

func TestARecordingEqualsItself(t *testing.T) {
	for _, name := range all(t) {
		tr := load(t, name)
		for _, d := range replay.Compare(tr, tr, nil, nil, nil) {
			t.Errorf("%s: %v", name, d)
		}
	}
}

// A mutation changes one field of one entry of a copy of a recording.
type mutation struct {
	name  string
	apply func(*replay.Entry)
}

// mutationsOf lists a change of every field of an entry that matters.
func mutationsOf(e replay.Entry) []mutation {
	if e.Response == nil || e.Request == nil {
		return nil
	}
	if e.Response.Error != "" {
		return []mutation{{"error", func(e *replay.Entry) { e.Response.Error = "other" }}}
	}
	list := []mutation{
		{"status", func(e *replay.Entry) { e.Response.Status++ }},
		{"reason", func(e *replay.Entry) { e.Response.Reason += "x" }},
		{"body", func(e *replay.Entry) { e.Response.Body = append(slices.Clone(e.Response.Body), "x"...) }},
		{"no answer", func(e *replay.Entry) { e.Response = nil }},
	}
	for _, h := range []string{"Content-Type", "Content-Length", "Transfer-Encoding", "Allow", "Www-Authenticate"} {
		list = append(list, mutation{"header " + h, func(e *replay.Entry) {
			e.Response.Header = e.Response.Header.Clone()
			if e.Response.Header == nil {
				e.Response.Header = http.Header{}
			}
			e.Response.Header.Set(h, e.Response.Header.Get(h)+"x")
		}})
	}
	for i, r := range e.Records {
		list = append(list,
			mutation{fmt.Sprintf("record %d missing", i), func(e *replay.Entry) { e.Records = slices.Delete(slices.Clone(e.Records), i, i+1) }},
			mutation{fmt.Sprintf("record %d garbled", i), func(e *replay.Entry) { setRecord(e, i, []byte("{")) }})
		if strings.HasPrefix(string(r.Payload), "{") {
			list = append(list, leaves(r.Payload, i)...)
		}
	}
	if e.End != nil {
		list = append(list, mutation{"end", func(e *replay.Entry) { e.End = &replay.End{How: e.End.How + "x"} }},
			mutation{"no end", func(e *replay.Entry) { e.End = nil }})
	}
	return list
}

func setRecord(e *replay.Entry, i int, payload []byte) {
	e.Records = slices.Clone(e.Records)
	e.Records[i].Payload = payload
}

// leaves changes and removes every value in a JSON event.
func leaves(payload []byte, record int) []mutation {
	var list []mutation
	var root any
	if err := json.Unmarshal(payload, &root); err != nil {
		return nil
	}
	add := func(path string, change func()) {
		change()
		text, err := json.Marshal(root)
		if err != nil {
			panic(err)
		}
		list = append(list, mutation{fmt.Sprintf("record %d %s", record, path), func(e *replay.Entry) { setRecord(e, record, text) }})
	}
	walk("", root, func(path string, parent map[string]any, key string) {
		was := parent[key]
		if other := changed(was); other != nil && key != "timestamp" && key != "executor_pid" {
			add(path+" changed", func() { parent[key] = other })
			parent[key] = was
		}
		add(path+" removed", func() { delete(parent, key) })
		parent[key] = was
	})
	return list
}

func walk(path string, v any, visit func(path string, parent map[string]any, key string)) {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			visit(path+"."+k, v, k)
			walk(path+"."+k, v[k], visit)
		}
	case []any:
		for i := range v {
			walk(fmt.Sprintf("%s[%d]", path, i), v[i], visit)
		}
	}
}

func changed(v any) any {
	switch v := v.(type) {
	case string:
		return v + "x"
	case float64:
		return v + 1
	case bool:
		return !v
	case []any:
		return append(slices.Clone(v), "x")
	}
	return nil
}

// Every recording is compared with copies of itself in which one field differs.
func TestEveryMutationIsFound(t *testing.T) {
	names := []string{
		"executor/01-happy-json", "executor/02-kill-protobuf", "executor/04-errors-jwt-json",
		"executor/03-shutdown-cleanup", "scheduler/01-subscribe",
	}
	found := 0
	for _, name := range names {
		tr := load(t, name)
		for i, e := range tr.Entries {
			for _, m := range mutationsOf(e) {
				one := &replay.Trace{Name: tr.Name, Entries: []replay.Entry{e}}
				copied := &replay.Trace{Name: tr.Name, Entries: []replay.Entry{e}}
				if e.Response != nil {
					r := *e.Response
					copied.Entries[0].Response = &r
				}
				m.apply(&copied.Entries[0])
				if len(replay.Compare(one, copied, nil, nil, nil)) == 0 {
					t.Errorf("%s: entry %d (%s): %s: not found", name, i, e.Note, m.name)
				}
				found++
			}
		}
	}
	if found < 2000 {
		t.Errorf("only %d mutations", found)
	}
}

// An id that stands for another in one place only is found, and so are two ids
// that have become one.
func TestIdsMapOneToOne(t *testing.T) {
	tr := load(t, "executor/09-second-task-json")
	events := tr.Entries[1].Records
	for _, field := range []string{"framework_id", "agent_id", "container_id"} {
		mutated := &replay.Trace{Name: tr.Name, Entries: slices.Clone(tr.Entries)}
		last := len(events) - 2
		for ; !strings.Contains(string(events[last].Payload), field); last-- {
			if last == 0 {
				break
			}
		}
		text := string(events[last].Payload)
		at := strings.Index(text, `"`+field+`":{"value":"`) + len(field) + len(`"":{"value":"`)
		id := "00000000" + text[at+8:]
		setRecord(&mutated.Entries[1], last, []byte(text[:at]+id))
		if diffs := replay.Compare(tr, mutated, nil, nil, nil); len(diffs) == 0 {
			t.Errorf("%s of event %d changed: not found", field, last)
		}
	}
}

func TestExceptionsAreNarrow(t *testing.T) {
	tr := load(t, "executor/02-kill-json")
	mutated := &replay.Trace{Name: tr.Name, Entries: slices.Clone(tr.Entries)}
	r := *mutated.Entries[5].Response
	r.Status, r.Reason = 500, "Internal Server Error"
	mutated.Entries[5].Response = &r
	for _, c := range []struct {
		x    replay.Exception
		want int
	}{
		{replay.Exception{Trace: "02-*", Note: "KILL", Field: "status"}, 1},
		{replay.Exception{Trace: "02-*", Note: "KILL", Field: "*"}, 0},
		{replay.Exception{Trace: "02-*", Note: "ACCEPT", Field: "*"}, 2},
		{replay.Exception{Trace: "03-*", Field: "*"}, 2},
		{replay.Exception{Trace: "02-kill-json", Field: "rea*"}, 1},
	} {
		if got := replay.Compare(tr, mutated, nil, nil, []replay.Exception{c.x}); len(got) != c.want {
			t.Errorf("with %+v: %d differences, want %d: %v", c.x, len(got), c.want, got)
		}
	}
}
