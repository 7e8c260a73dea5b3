package executor

import "slices"

// trapKind is a kind of thing in a cmd that the shell around the executor does,
// and that its author meant for the task.
type trapKind int

const (
	trapRedirection  trapKind = iota
	trapSubstitution          // $(…) or `…`
	trapPipe
	trapBackground
	trapEither // &>
	trapKinds  // how many there are
)

type trap struct {
	kind trapKind
	text string // as it stands in the cmd
}

// reserved words begin, where a command may begin, what shellTraps does not
// follow.
var reserved = []string{"{", "!", "case", "for", "if", "until", "while", "do", "done", "else", "elif", "esac", "fi", "then", "}"}

// shellTraps reads cmd as the shell does that runs
//
//	chmod ug+rx '<path>' && exec '<path>' <cmd>
//
// and tells what in it that shell does itself. exec replaces the shell, so what
// stands behind the first ; or newline never happens there, nor what stands
// behind && and ||: only an & at the end of such a list counts, since it
// concerns the whole of it. Variables are expanded there for nothing. Behind the
// first && or | the reading ends at a compound command, and tells too little
// rather than what is not so.
func shellTraps(cmd string) []trap {
	r := trapReader{lexer: shellLexer{text: cmd}, own: true, pipeline: true}
	for r.token(r.lexer.next()) {
	}
	return r.traps
}

// trapReader is what shellTraps knows at one token.
type trapReader struct {
	lexer    shellLexer
	own      bool // within the command that became the executor
	pipeline bool // within its pipeline
	begins   bool // a command may begin here
	document bool // the next line begins a here-document
	traps    []trap
}

// token takes one token, and says whether there is more to read.
func (r *trapReader) token(t shellToken) bool {
	switch {
	case t.op == "":
		return r.word(t)
	case t.redirects():
		r.redirection(t)
	case t.op == "&&", t.op == "||":
		r.own, r.pipeline, r.begins = false, false, true
	case t.op == "|", t.op == "|&":
		if r.pipeline {
			r.add(trapPipe, r.lexer.text[t.start:])
		}
		r.own, r.pipeline, r.begins = false, false, true
	case t.op == "&":
		r.add(trapBackground, "&")
		return false
	case t.op == "&>", t.op == "&>>":
		r.add(trapEither, t.op)
		return false
	case t.op == "\n":
		return r.begins && !r.document
	default:
		return false
	}
	return true
}

func (r *trapReader) word(t shellToken) bool {
	if r.begins && slices.Contains(reserved, r.lexer.text[t.start:t.end]) {
		return false
	}
	r.begins = false
	r.ran(t)
	return !t.unclear
}

func (r *trapReader) redirection(t shellToken) {
	r.begins = false
	r.document = r.document || t.op == "<<" || t.op == "<<-"
	target := r.lexer.next()
	if r.own {
		r.add(trapRedirection, r.lexer.text[t.start:target.end])
		r.ran(target)
	}
}

// ran notes the command substitutions in a word.
func (r *trapReader) ran(t shellToken) {
	for _, text := range t.runs {
		if r.own {
			r.add(trapSubstitution, text)
		}
	}
}

func (r *trapReader) add(kind trapKind, text string) {
	r.traps = append(r.traps, trap{kind, text})
}

// quotedWord says whether cmd is one word, all of it in quotes.
func quotedWord(cmd string) bool {
	l := shellLexer{text: cmd}
	first, second := l.next(), l.next()
	for second.op == "\n" {
		second = l.next()
	}
	return first.op == "" && first.quoted && second.op == endOfText
}
