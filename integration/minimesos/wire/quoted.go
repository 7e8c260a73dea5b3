package wire

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a quoted string.
func (p *parser) str() (string, bool) {
	if p.pos == len(p.in) || p.in[p.pos] != '"' {
		return "", false
	}
	p.pos++
	var b []byte
	for p.pos < len(p.in) && p.in[p.pos] >= ' ' {
		c := p.in[p.pos]
		p.pos++
		if c == '"' {
			return string(b), true
		}
		if c != '\\' {
			b = append(b, c)
			continue
		}
		var ok bool
		if b, ok = p.escape(b); !ok {
			return "", false
		}
	}
	return "", false
}

// escape reads what follows a backslash.
func (p *parser) escape(b []byte) ([]byte, bool) {
	if p.pos == len(p.in) {
		return nil, false
	}
	c := p.in[p.pos]
	p.pos++
	if c == 'u' {
		r, ok := p.codepoint()
		return utf8.AppendRune(b, r), ok
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 {
		return nil, false
	}
	return append(b, "\"\\/\b\f\n\r\t"[i]), true
}

// codepoint reads four hex digits, and the second half of a surrogate pair.
func (p *parser) codepoint() (rune, bool) {
	r, ok := p.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if !strings.HasPrefix(p.in[p.pos:], `\u`) {
		return 0, false
	}
	p.pos += 2
	low, ok := p.hex4()
	pair := utf16.DecodeRune(r, low)
	return pair, ok && pair != utf8.RuneError
}

func (p *parser) hex4() (rune, bool) {
	if len(p.in)-p.pos < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(p.in[p.pos:p.pos+4], 16, 32)
	if err != nil {
		return 0, false
	}
	p.pos += 4
	return rune(n), true
}
