package replay

import (
	"encoding/json"
	"fmt"
)

// tree compares two JSON values. sep stands between where and the next name.
func (c *comparer) tree(where, sep string, rec, live any) {
	switch r := rec.(type) {
	case map[string]any:
		if l, ok := live.(map[string]any); ok {
			c.object(where, sep, r, l)
			return
		}
	case []any:
		if l, ok := live.([]any); ok {
			c.array(where, r, l)
			return
		}
	case string:
		if l, ok := live.(string); ok {
			c.text(where, r, l)
			return
		}
	case json.Number:
		if l, ok := live.(json.Number); ok {
			c.number(where, string(r), string(l))
			return
		}
	default:
		if rec == live {
			return
		}
	}
	c.differ(where, brief(rec), brief(live), "")
}

func (c *comparer) object(where, sep string, rec, live map[string]any) {
	if sep == "" {
		sep = "."
	}
	for _, k := range sortedKeys(rec, live) {
		r, inRec := rec[k]
		l, inLive := live[k]
		at := where + sep + k
		switch {
		case !inLive:
			c.differ(at, brief(r), "absent", "")
		case !inRec:
			c.differ(at, "absent", brief(l), "")
		case k == "uuid" && isToken16(r) && isToken16(l):
			c.learn(at, r.(string), l.(string))
		case k == "executor_pid":
			c.learn(at, "pid "+fmt.Sprint(r), "pid "+fmt.Sprint(l))
		case k == "timestamp":
			c.timestamp(at, r, l)
		default:
			c.tree(at, ".", r, l)
		}
	}
}

func (c *comparer) array(where string, rec, live []any) {
	if len(rec) != len(live) {
		c.differ(where, brief(rec), brief(live), fmt.Sprintf("%d values, recorded %d", len(live), len(rec)))
		return
	}
	for i := range rec {
		c.tree(fmt.Sprintf("%s[%d]", where, i), ".", rec[i], live[i])
	}
}

// number compares digits; a port of the live run stands for the recorded one.
func (c *comparer) number(where, rec, live string) {
	for _, p := range c.names.pairs {
		if live == p.Live {
			live = p.Recorded
		}
	}
	if rec != live {
		c.differ(where, rec, live, "")
	}
}

func (c *comparer) learn(where, rec, live string) {
	if err := c.names.Learn(rec, live); err != nil {
		c.differ(where, rec, live, err.Error())
	}
}

// timestamp accepts any two times.
func (c *comparer) timestamp(where string, rec, live any) {
	r, rok := rec.(json.Number)
	l, lok := live.(json.Number)
	if !rok || !lok || len(r) < len("1000000000.0") != (len(l) < len("1000000000.0")) {
		c.differ(where, brief(rec), brief(live), "not both are times")
	}
}

func isToken16(v any) bool {
	s, ok := v.(string)
	return ok && token16.MatchString(s)
}
