package replay

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strings"
)

// A Diff is one place where the live run differs from the recording.
type Diff struct {
	Entry    int
	Note     string
	Where    string // "status", "header Allow", "body", "record 3", "record 3 update.status.state", "end"
	Recorded string
	Live     string
	Why      string // set when the values alone do not explain it
}

// String shows the difference in three lines.
func (d Diff) String() string {
	s := fmt.Sprintf("entry %d (%s): %s\n  recorded: %s\n  live:     %s", d.Entry, d.Note, d.Where, d.Recorded, d.Live)
	if d.Why != "" {
		s += "\n  " + d.Why
	}
	return s
}

// Skip says which events of an actor's streams are left out of a comparison and
// of what Play waits for, on both sides.
type Skip func(actor, eventType string) bool

// SkipTimed leaves out what depends on when it happens: the framework's offers,
// their withdrawal, and heartbeats to it. The executor traces lack these.
func SkipTimed(actor, eventType string) bool {
	return actor == Framework && (eventType == "OFFERS" || eventType == "RESCIND" || eventType == "HEARTBEAT")
}

// Compare returns where live, as Play returns it, differs from recorded beyond
// ids and times. Pairs are those Play was given.
func Compare(recorded, live *Trace, pairs []Pair, skip Skip, list []Exception) []Diff {
	c := &comparer{trace: recorded, names: NewNames(pairs), skip: skip, list: list}
	for i, rec := range recorded.Entries {
		if rec.Request == nil || i < len(live.Entries) && live.Entries[i].Skipped {
			continue
		}
		c.entry, c.note, c.path = i, rec.Note, rec.Request.Path
		if i >= len(live.Entries) || live.Entries[i].Response == nil {
			c.differ("response", "an answer", "none", "")
			continue
		}
		c.response(rec.Response, live.Entries[i].Response)
		c.records(rec, live.Entries[i])
		c.end(rec, live.Entries[i])
	}
	return c.diffs
}

type comparer struct {
	trace *Trace
	names *Names
	skip  Skip
	list  []Exception
	diffs []Diff

	entry      int
	note, path string
}

func (c *comparer) differ(where, recorded, live, why string) {
	d := Diff{Entry: c.entry, Note: c.note, Where: where, Recorded: recorded, Live: live, Why: why}
	if !allows(c.trace, d, c.list) {
		c.diffs = append(c.diffs, d)
	}
}

func (c *comparer) text(where, recorded, live string) {
	if err := c.names.match(recorded, live); err != nil {
		c.differ(where, recorded, live, err.Error())
	}
}

// headers are those that matter. Date differs; a length is compared where the
// bodies are equal to the byte.
var headers = []string{
	"Content-Type", "Transfer-Encoding", "Allow", "Www-Authenticate", "Mesos-Stream-Id", "Content-Encoding", "Location",
}

func (c *comparer) response(rec, live *Response) {
	if rec.Error != "" || live.Error != "" {
		if rec.Error != live.Error {
			c.differ("error", rec.Error, live.Error, "")
		}
		return
	}
	if rec.Status != live.Status {
		c.differ("status", fmt.Sprint(rec.Status), fmt.Sprint(live.Status), "")
	}
	if rec.Reason != live.Reason {
		c.differ("reason", rec.Reason, live.Reason, "")
	}
	for _, name := range headers {
		c.header(name, rec.Header, live.Header)
	}
	if string(rec.Body) == string(live.Body) {
		c.header("Content-Length", rec.Header, live.Header)
	}
	c.body(rec.Body, live.Body)
}

func (c *comparer) header(name string, rec, live http.Header) {
	c.text("header "+name, strings.Join(rec.Values(name), ", "), strings.Join(live.Values(name), ", "))
}

// body compares JSON as JSON and all else as text.
func (c *comparer) body(rec, live []byte) {
	r, rerr := tree(rec)
	l, lerr := tree(live)
	if rerr == nil && lerr == nil {
		c.tree("body", "", r, l)
		return
	}
	c.text("body", string(rec), string(live))
}

// kept decodes the records of a stream that are compared.
func (c *comparer) kept(e Entry) []any {
	var out []any
	for _, r := range e.Records {
		v, err := eventTree(c.path, r.Payload)
		if err != nil {
			v = map[string]any{"undecodable": err.Error()}
		}
		if c.skip == nil || !c.skip(e.Actor, eventType(v)) {
			out = append(out, v)
		}
	}
	return out
}

func (c *comparer) records(rec, live Entry) {
	r, l := c.kept(rec), c.kept(live)
	for i := range max(len(r), len(l)) {
		where := fmt.Sprintf("record %d", i)
		switch {
		case i >= len(l):
			c.differ(where, brief(r[i]), "none", "")
		case i >= len(r):
			c.differ(where, "none", brief(l[i]), "")
		case eventType(r[i]) != eventType(l[i]):
			c.differ(where, brief(r[i]), brief(l[i]), "")
		default:
			c.tree(where, " ", r[i], l[i])
		}
	}
}

func (c *comparer) end(rec, live Entry) {
	if rec.End == nil {
		return
	}
	how := "still open"
	if live.End != nil {
		how = live.End.How
	}
	if how != rec.End.How {
		c.differ("end", rec.End.How, how, "")
	}
}

func brief(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 300 {
		return string(b[:300]) + "…"
	}
	return string(b)
}

func sortedKeys(a, b map[string]any) []string {
	seen := map[string]bool{}
	var keys []string
	for _, m := range []map[string]any{a, b} {
		for k := range m {
			if !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	sort.Strings(keys)
	return keys
}
