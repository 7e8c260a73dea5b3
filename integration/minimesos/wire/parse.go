package wire

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// A SyntaxError says where a text stops being JSON, in the words of the parser
// that Mesos uses (picojson).
type SyntaxError struct {
	Line int
	Near string // the rest of that line
	Rest string // what follows a complete value; the other two are unset then
}

func (e *SyntaxError) Error() string {
	if e.Rest != "" {
		return "Parsed JSON included non-whitespace trailing characters: " + e.Rest
	}
	return fmt.Sprintf("syntax error at line %d near: %s", e.Line, e.Near)
}

type kind int

const (
	null kind = iota
	boolean
	number
	text
	array
	object
)

func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// A value is one parsed JSON value.
type value struct {
	kind    kind
	flag    bool
	text    string // of a string, or the digits of a number
	items   []value
	members []member // by name; of equal names the last one only
}

type member struct {
	name  string
	value value
}

// maxDepth is how deep arrays and objects may nest; no message comes near it.
const maxDepth = 200

type parser struct {
	in    string
	pos   int
	depth int
}

func parseJSON(data []byte) (value, error) {
	p := &parser{in: strings.TrimRight(string(data), " \t\n\r\v\f")}
	v, ok := p.value()
	if !ok {
		near, _, _ := strings.Cut(p.in[p.pos:], "\n")
		return value{}, &SyntaxError{Line: 1 + strings.Count(p.in[:p.pos], "\n"), Near: printable(near)}
	}
	if p.pos < len(p.in) {
		return value{}, &SyntaxError{Rest: p.in[p.pos:]}
	}
	return v, nil
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, s)
}

func (p *parser) value() (value, bool) {
	p.space()
	if p.pos == len(p.in) {
		return value{}, false
	}
	switch c := p.in[p.pos]; {
	case c == 'n':
		return value{}, p.literal("null")
	case c == 't':
		return value{kind: boolean, flag: true}, p.literal("true")
	case c == 'f':
		return value{kind: boolean}, p.literal("false")
	case c == '"':
		s, ok := p.str()
		return value{kind: text, text: s}, ok
	case c == '[':
		return p.nested((*parser).array)
	case c == '{':
		return p.nested((*parser).object)
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	return value{}, false
}

func (p *parser) nested(parse func(*parser) (value, bool)) (value, bool) {
	if p.depth == maxDepth {
		return value{}, false
	}
	p.depth++
	defer func() { p.depth-- }()
	p.pos++
	return parse(p)
}

func (p *parser) array() (value, bool) {
	v := value{kind: array}
	if p.expect(']') {
		return v, true
	}
	for {
		item, ok := p.value()
		if !ok {
			return v, false
		}
		v.items = append(v.items, item)
		if !p.expect(',') {
			return v, p.expect(']')
		}
	}
}

func (p *parser) object() (value, bool) {
	names := map[string]value{}
	for first := true; first || p.expect(','); first = false {
		if first && p.expect('}') {
			return value{kind: object}, true
		}
		p.space()
		name, ok := p.str()
		if !ok || !p.expect(':') {
			return value{}, false
		}
		if names[name], ok = p.value(); !ok {
			return value{}, false
		}
	}
	v := value{kind: object}
	for name, v1 := range names {
		v.members = append(v.members, member{name, v1})
	}
	sort.Slice(v.members, func(i, j int) bool { return v.members[i].name < v.members[j].name })
	return v, p.expect('}')
}

func (p *parser) number() (value, bool) {
	start := p.pos
	for p.pos < len(p.in) && strings.IndexByte("0123456789+-.eE", p.in[p.pos]) >= 0 {
		p.pos++
	}
	digits := p.in[start:p.pos]
	_, err := strconv.ParseFloat(digits, 64)
	return value{kind: number, text: digits}, err == nil
}

func (p *parser) literal(word string) bool {
	for i := range len(word) {
		if p.pos == len(p.in) || p.in[p.pos] != word[i] {
			return false
		}
		p.pos++
	}
	return true
}

func (p *parser) expect(c byte) bool {
	p.space()
	if p.pos == len(p.in) || p.in[p.pos] != c {
		return false
	}
	p.pos++
	return true
}

func (p *parser) space() {
	for p.pos < len(p.in) && strings.IndexByte(" \t\r\n", p.in[p.pos]) >= 0 {
		p.pos++
	}
}
