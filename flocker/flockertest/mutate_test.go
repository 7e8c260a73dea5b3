package flockertest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// checkMutations changes one field of a recorded answer at a time and requires
// that the comparer sees every change.
func checkMutations(t *testing.T, p *player) {
	t.Helper()
	n := 0
	for _, r := range p.results {
		for i, recorded := range r.Response {
			for name, mutated := range mutations(recorded) {
				n++
				if p.names.compare(mutated, r.ours[i], r.at) == "" {
					t.Errorf("%s: nobody notices %s", r, name)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d mutations", n)
	}
}

// mutations are copies of an answer that differ in one field each.
func mutations(a answer) map[string]answer {
	all := map[string]answer{}
	add := func(name string, change func(*answer)) {
		m := a
		m.Headers = slices.Clone(a.Headers)
		change(&m)
		all[name] = m
	}
	add("another version", func(m *answer) { m.Version = "HTTP/2.0" })
	add("another status", func(m *answer) { m.Status++ })
	add("another reason", func(m *answer) { m.Reason += "!" })
	add("one more header", func(m *answer) { m.Headers = append(m.Headers, [2]string{"X-More", "1"}) })
	for i, h := range a.Headers {
		add("without "+h[0], func(m *answer) { m.Headers = slices.Delete(m.Headers, i, i+1) })
		add("another "+h[0], func(m *answer) { m.Headers[i][1] += "x" })
	}
	var body any
	if decode(a.Body, &body) != nil {
		add("another text", func(m *answer) { m.Body += "x" })
		return all
	}
	mutateValue(body, func(name string, mutated any) {
		add("body: "+name, func(m *answer) { m.Body = toJSON(mutated) })
	})
	return all
}

// mutateValue calls try with every copy of v in which one thing differs.
func mutateValue(v any, try func(name string, mutated any)) {
	switch v := v.(type) {
	case map[string]any:
		mutateObject(v, try)
	case []any:
		try("one more element", append(slices.Clone(v), "x"))
		for i := range v {
			try(fmt.Sprintf("without element %d", i), slices.Delete(slices.Clone(v), i, i+1))
			mutateValue(v[i], func(name string, mutated any) {
				list := slices.Clone(v)
				list[i] = mutated
				try(fmt.Sprintf("element %d: %s", i, name), list)
			})
		}
	case string:
		try("another text", v+"x")
		try("null", nil)
	case json.Number:
		f, _ := v.Float64()
		try("another number", json.Number(fmt.Sprintf("%.6f", f+7)))
		try("a string", v.String())
	case bool:
		try("not "+fmt.Sprint(v), !v)
	case nil:
		try("a number", json.Number("1.5"))
	}
}

func mutateObject(v map[string]any, try func(name string, mutated any)) {
	copied := func() map[string]any {
		m := map[string]any{}
		for k, value := range v {
			m[k] = value
		}
		return m
	}
	m := copied()
	m["more"] = "x"
	try("one more member", m)
	for key := range v {
		m := copied()
		delete(m, key)
		try("without "+key, m)
		mutateValue(v[key], func(name string, mutated any) {
			m := copied()
			m[key] = mutated
			try(key+": "+name, m)
		})
	}
}
