package executor

import "strings"

// endOfText is the operator of the token behind the last.
const endOfText = "end"

// shellToken is a word or an operator of the shell's language.
type shellToken struct {
	op         string   // "" for a word
	start, end int      // in the text; a redirection begins with its descriptor's number
	runs       []string // the command substitutions in a word, outermost only
	quoted     bool     // a word all of which is in quotes
	unclear    bool     // a word that a simple reader may misread: do not trust what follows
}

func (t shellToken) redirects() bool {
	return t.op != "" && strings.ContainsAny(t.op[:1], "<>")
}

// shellLexer cuts a text into the shell's tokens, as sh does and as far as
// shellTraps needs it: it expands nothing.
type shellLexer struct {
	text string
	pos  int
	runs []string // of the word being read
}

// operators of the shell, the longer ones first.
var operators = []string{
	"&>>", "<<-", "<<<", "&>", "&&", "||", "|&", ";;", "<<", ">>", "<&", ">&", "<>", ">|", "\n", ";", "&", "|", "<", ">", "(", ")",
}

// next token of the text.
func (l *shellLexer) next() shellToken {
	l.blanks()
	if l.pos == len(l.text) {
		return shellToken{op: endOfText, start: l.pos, end: l.pos}
	}
	start := l.pos
	digits := l.pos + len(l.text[l.pos:]) - len(strings.TrimLeft(l.text[l.pos:], "0123456789"))
	if digits > start && digits < len(l.text) && strings.IndexByte("<>", l.text[digits]) >= 0 {
		l.pos = digits
	}
	for _, op := range operators {
		if strings.HasPrefix(l.text[l.pos:], op) {
			l.pos += len(op)
			return shellToken{op: op, start: start, end: l.pos}
		}
	}
	return l.word()
}

// blanks moves behind white space, continued lines and a comment.
func (l *shellLexer) blanks() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case rest[0] == ' ', rest[0] == '\t':
			l.pos++
		case strings.HasPrefix(rest, "\\\n"):
			l.pos += 2
		case rest[0] == '#':
			comment, _, _ := strings.Cut(rest, "\n")
			l.pos += len(comment)
		default:
			return
		}
	}
}

func (l *shellLexer) word() shellToken {
	t := shellToken{start: l.pos, quoted: true}
	l.runs = nil
	for l.pos < len(l.text) && strings.IndexByte(" \t\n;&|<>()", l.text[l.pos]) < 0 {
		t.quoted = t.quoted && strings.IndexByte(`'"\`, l.text[l.pos]) >= 0
		l.step(0)
	}
	t.end, t.runs = l.pos, l.runs
	for _, run := range t.runs {
		t.unclear = t.unclear || strings.Contains(run, "case") || strings.Contains(run, "#")
	}
	return t
}

// step moves behind one character, quotation or expansion. inside is the byte
// that ends what it stands in, 0 at the top.
func (l *shellLexer) step(inside byte) {
	c := l.text[l.pos]
	l.pos++
	switch {
	case c == '\\':
		l.pos = min(l.pos+1, len(l.text))
	case c == '\'' && inside != '"':
		l.behind('\'')
	case c == '"':
		l.span('"')
	case c == '`':
		l.backquoted()
	case c == '$':
		l.dollar()
	case c == '(' && inside == ')':
		l.span(')')
	}
}

// span moves behind the end of something that has begun.
func (l *shellLexer) span(end byte) {
	for l.pos < len(l.text) && l.text[l.pos] != end {
		l.step(end)
	}
	l.pos = min(l.pos+1, len(l.text))
}

// behind moves behind the next end.
func (l *shellLexer) behind(end byte) {
	text, _, _ := strings.Cut(l.text[l.pos:], string(end))
	l.pos = min(l.pos+len(text)+1, len(l.text))
}

func (l *shellLexer) backquoted() {
	start := l.pos - 1
	for l.pos < len(l.text) && l.text[l.pos] != '`' {
		if l.text[l.pos] == '\\' {
			l.pos = min(l.pos+1, len(l.text)-1)
		}
		l.pos++
	}
	l.pos = min(l.pos+1, len(l.text))
	l.runs = append(l.runs, l.text[start:l.pos])
}

// dollar reads what follows a $. A substitution within another is part of it.
func (l *shellLexer) dollar() {
	start, before, rest := l.pos-1, len(l.runs), l.text[l.pos:]
	switch {
	case strings.HasPrefix(rest, "(("):
		l.pos += 2
		l.span(')')
		l.span(')')
	case strings.HasPrefix(rest, "("):
		l.pos++
		l.span(')')
		l.runs = append(l.runs[:before], l.text[start:l.pos])
	case strings.HasPrefix(rest, "{"):
		l.pos++
		l.span('}')
	}
}
