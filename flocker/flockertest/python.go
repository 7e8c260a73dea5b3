package flockertest

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
)

// object is a JSON object that keeps the order of its members, as the recorded
// answers have one.
type object []member

type member struct {
	name  string
	value any
}

// dumps writes a value as Python's json.dumps does: blanks after commas and
// colons, everything but ASCII escaped, floats with a fraction.
func dumps(v any) string {
	var b strings.Builder
	dump(&b, v)
	return b.String()
}

func dump(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(pyFloat(v))
	case string:
		dumpString(b, v)
	case []string:
		dumpList(b, len(v), func(i int) { dumpString(b, v[i]) })
	case []object:
		dumpList(b, len(v), func(i int) { dump(b, v[i]) })
	case object:
		dumpObject(b, v)
	case map[string]string:
		dumpObject(b, sortedObject(v))
	default:
		fmt.Fprint(b, v)
	}
}

func dumpObject(b *strings.Builder, o object) {
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteString(", ")
		}
		dumpString(b, m.name)
		b.WriteString(": ")
		dump(b, m.value)
	}
	b.WriteByte('}')
}

func dumpList(b *strings.Builder, n int, element func(int)) {
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		element(i)
	}
	b.WriteByte(']')
}

// shortEscape is how Python writes a character that has a short form, else "".
func shortEscape(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	return ""
}

func dumpString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case shortEscape(r) != "":
			b.WriteString(shortEscape(r))
		case r >= ' ' && r < 127:
			b.WriteRune(r)
		default:
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(b, `\u%04x`, u)
			}
		}
	}
	b.WriteByte('"')
}

func sortedObject(m map[string]string) object {
	o := make(object, 0, len(m))
	for _, name := range sortedKeys(m) {
		o = append(o, member{name, m[name]})
	}
	return o
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// pyFloat is Python's repr of a float: 60.0, 3.4927, 1e+300.
func pyFloat(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	e := strconv.FormatFloat(f, 'e', -1, 64)
	exponent, _ := strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	if exponent < -4 || exponent >= 16 {
		return e
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.ContainsRune(s, '.') {
		s += ".0"
	}
	return s
}

// pyRepr is Python 2's repr of a decoded JSON value, as the validation messages
// quote it: u'x', None, True, {u'b': u'c'}.
func pyRepr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case json.Number:
		return pyNumber(v)
	case string:
		return "u" + pyQuote(v)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = pyRepr(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		keys := sortedKeys(v)
		parts := make([]string, len(keys))
		for i, k := range keys {
			parts[i] = "u" + pyQuote(k) + ": " + pyRepr(v[k])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// pyNumber keeps an integer as it was written and turns the rest into a float.
func pyNumber(n json.Number) string {
	if isInteger(n) {
		return n.String()
	}
	f, _ := n.Float64()
	return pyFloat(f)
}

func isInteger(n json.Number) bool { return !strings.ContainsAny(n.String(), ".eE") }

func pyQuote(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	var b strings.Builder
	b.WriteString(quote)
	for _, r := range s {
		switch {
		case r == '\\' || string(r) == quote:
			b.WriteString(`\` + string(r))
		case shortEscape(r) != "":
			b.WriteString(shortEscape(r))
		case r >= ' ' && r < 127:
			b.WriteRune(r)
		case r < 256:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 1<<16:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteString(quote)
	return b.String()
}
