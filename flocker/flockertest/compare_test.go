package flockertest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// names relates what differs from run to run: ids that a service chose, tags, and
// storage roots. Each name of the recording stands for one of ours and the other
// way round.
type names struct {
	ours, recorded map[string]string // by the other
	roots          []string
}

func newNames(roots ...string) *names {
	return &names{ours: map[string]string{}, recorded: map[string]string{}, roots: roots}
}

// learn relates two names; false if either stands for something else already.
func (n *names) learn(recorded, ours string) bool {
	if known, ok := n.ours[recorded]; ok {
		return known == ours
	}
	if _, ok := n.recorded[ours]; ok {
		return false
	}
	n.ours[recorded], n.recorded[ours] = ours, recorded
	return true
}

// translate replaces the recorded names in a text by ours.
func (n *names) translate(text string) string {
	for recorded, ours := range n.ours {
		text = strings.ReplaceAll(text, recorded, ours)
	}
	return text
}

// moment is when an answer came, in seconds since the last lease was asked for, each
// in its own run.
type moment struct{ recorded, ours float64 }

// drift is the difference between two runs' expiry times that passes as timing.
const drift = 2.5

// compare tells how ours differs from the recorded answer, "" if it does not.
func (n *names) compare(recorded, ours answer, at moment) string {
	switch {
	case recorded.Version != ours.Version || recorded.Status != ours.Status || recorded.Reason != ours.Reason:
		return fmt.Sprintf("status line %s %d %s, recorded %s %d %s",
			ours.Version, ours.Status, ours.Reason, recorded.Version, recorded.Status, recorded.Reason)
	}
	if d := n.compareHeaders(recorded.Headers, ours.Headers); d != "" {
		return d
	}
	return n.compareBodies(recorded.Body, ours.Body, at)
}

func (n *names) compareHeaders(recorded, ours [][2]string) string {
	sorted := func(headers [][2]string) [][2]string {
		headers = slices.Clone(headers)
		sort.Slice(headers, func(i, j int) bool { return fmt.Sprint(headers[i]) < fmt.Sprint(headers[j]) })
		return headers
	}
	a, b := sorted(recorded), sorted(ours)
	if len(a) != len(b) {
		return fmt.Sprintf("headers %v, recorded %v", b, a)
	}
	for i := range a {
		if a[i][0] != b[i][0] || !n.sameHeader(a[i][0], a[i][1], b[i][1]) {
			return fmt.Sprintf("header %v, recorded %v", b[i], a[i])
		}
	}
	return ""
}

func (n *names) sameHeader(name, recorded, ours string) bool {
	switch name {
	case "Date":
		_, err1 := http.ParseTime(recorded)
		_, err2 := http.ParseTime(ours)
		return err1 == nil && err2 == nil
	case "X-Configuration-Tag":
		return len(recorded) == len(ours) && n.learn(recorded, ours)
	}
	return recorded == ours
}

func (n *names) compareBodies(recorded, ours string, at moment) string {
	var a, b any
	if decode(recorded, &a) != nil || decode(ours, &b) != nil {
		if recorded != ours {
			return fmt.Sprintf("body %q, recorded %q", ours, recorded)
		}
		return ""
	}
	if !n.same("", a, b, at) {
		return fmt.Sprintf("body %s, recorded %s", ours, recorded)
	}
	return ""
}

func decode(text string, v any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}

// same compares two decoded values; name is the member they are.
func (n *names) same(name string, recorded, ours any, at moment) bool {
	switch a := recorded.(type) {
	case map[string]any:
		b, ok := ours.(map[string]any)
		return ok && n.sameObject(a, b, at)
	case []any:
		b, ok := ours.([]any)
		return ok && n.sameList(a, b, at)
	case string:
		b, ok := ours.(string)
		return ok && n.sameString(name, a, b)
	case json.Number:
		b, ok := ours.(json.Number)
		return ok && (a == b || name == "expires" && sameExpiry(a, b, at))
	}
	return recorded == ours
}

func (n *names) sameObject(a, b map[string]any, at moment) bool {
	if len(a) != len(b) {
		return false
	}
	for key, value := range a {
		other, ok := b[key]
		if !ok || !n.same(key, value, other, at) {
			return false
		}
	}
	return true
}

// sameList compares lists of datasets, nodes or leases, which come in any order,
// and lists of words, whose order counts.
func (n *names) sameList(a, b []any, at moment) bool {
	if len(a) != len(b) {
		return false
	}
	rest := slices.Clone(b)
	for _, value := range a {
		i := slices.IndexFunc(rest, func(other any) bool { return n.same("", value, other, at) })
		if _, object := value.(map[string]any); i < 0 || !object && i > 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

var (
	logEntry = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@/\d+$`)
	inBraces = regexp.MustCompile(`^\{(.*)\} has too many properties$`)
)

func (n *names) sameString(name, a, b string) bool {
	if logEntry.MatchString(a) && logEntry.MatchString(b) {
		return true
	}
	if x, y := inBraces.FindStringSubmatch(a), inBraces.FindStringSubmatch(b); x != nil && y != nil {
		return sortedWords(x[1]) == sortedWords(y[1])
	}
	if name == "path" {
		for _, root := range n.roots {
			if rest, ok := strings.CutPrefix(b, root+"/"); ok {
				b = "/flocker/" + rest
			}
		}
	}
	return n.translate(a) == b
}

func sortedWords(s string) string {
	words := strings.Split(s, ", ")
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// sameExpiry compares the moments at which two leases end. Both must be floats.
func sameExpiry(a, b json.Number, at moment) bool {
	x, err1 := a.Float64()
	y, err2 := b.Float64()
	float := strings.Contains(a.String(), ".") && strings.Contains(b.String(), ".")
	return err1 == nil && err2 == nil && float && math.Abs((x+at.recorded)-(y+at.ours)) < drift
}
