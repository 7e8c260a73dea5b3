package flockertest_test

import (
	"testing"
	"time"
)

// follow polls until every path of the group has gone through the answers that
// were recorded, in their order and through no others.
func (p *player) follow(t *testing.T, group []exchange) {
	t.Helper()
	var paths []string
	states := map[string][]exchange{}
	for _, e := range group {
		if states[e.Request.Path] == nil {
			paths = append(paths, e.Request.Path)
		}
		states[e.Request.Path] = append(states[e.Request.Path], e)
	}
	deadline := time.Now().Add(20 * time.Second)
	for len(states) > 0 {
		for _, path := range paths {
			if rest := states[path]; rest != nil {
				states[path] = p.poll(t, rest)
			}
			if len(states[path]) == 0 {
				delete(states, path)
			}
		}
		p.service.Step()
		if time.Now().After(deadline) {
			t.Fatalf("%v never came", states)
		}
		until(time.Now().Add(time.Millisecond))
	}
}

// poll asks once and returns the recorded answers that have not come yet. What
// was last may come again.
func (p *player) poll(t *testing.T, rest []exchange) []exchange {
	t.Helper()
	ours, err := p.send(rest[0])
	if err != nil {
		t.Fatalf("%s: %v", rest[0], err)
	}
	matched := false
	var difference string
	for len(rest) > 0 {
		r := replayed{rest[0], ours, p.moment(rest[0])}
		if difference = p.names.compareAll(r); difference != "" {
			break
		}
		matched, rest = true, rest[1:]
		p.results = append(p.results, r)
	}
	last := p.last(rest)
	if matched || last != nil && p.repeats(*last, ours) || p.excepted(p.exceptions, last, rest[0], ours[0]) {
		return rest
	}
	t.Fatalf("%s (%s): %s", rest[0], rest[0].Note, difference)
	return nil
}

// last is the recorded answer that came last on the path of the polls.
func (p *player) last(rest []exchange) *replayed {
	for i := len(p.results) - 1; i >= 0 && len(rest) > 0; i-- {
		if r := p.results[i]; r.poll() && r.Request.Path == rest[0].Request.Path {
			return &r
		}
	}
	return nil
}

func (p *player) repeats(r replayed, ours answers) bool {
	r.ours, r.at.ours = ours, p.moment(r.exchange).ours
	return p.names.compareAll(r) == ""
}
