package replay

import (
	"path"
	"strings"
	"time"
)

// An Exception is a checked-in permission to differ. The narrower the better.
type Exception struct {
	// Trace is a glob of trace names.
	Trace string
	// Note, if set, is a part of the note of the entries it is about.
	Note string
	// Field is a glob of the places that may differ, as Diff.Where has them.
	// Empty means that the entries are not played at all, or, when Note is
	// empty too, the whole trace is not.
	Field string
	// Reason says why, for the reader of the list. It must not be empty.
	Reason string
}

// A Move plays notes later than recorded, where the live servers are so much
// faster that another event would come first.
type Move struct {
	Trace  string // a glob of trace names
	Note   string // a part of the note
	By     time.Duration
	Reason string
}

func moved(t *Trace, e Entry, moves []Move) time.Duration {
	for _, m := range moves {
		if ok, err := path.Match(m.Trace, t.Name); ok && err == nil && strings.Contains(e.Note, m.Note) {
			return m.By
		}
	}
	return 0
}

func (x Exception) trace(t *Trace) bool {
	ok, err := path.Match(x.Trace, t.Name)
	return ok && err == nil
}

// Unplayed returns the exception that keeps the whole trace from being played.
func Unplayed(t *Trace, list []Exception) (Exception, bool) {
	for _, x := range list {
		if x.trace(t) && x.Note == "" && x.Field == "" {
			return x, true
		}
	}
	return Exception{}, false
}

// skips says whether an entry is not to be played.
func skips(t *Trace, e Entry, list []Exception) bool {
	for _, x := range list {
		if x.trace(t) && x.Note != "" && x.Field == "" && strings.Contains(e.Note, x.Note) {
			return true
		}
	}
	return false
}

// allows says whether a difference is permitted. In a Field a star stands for
// any text, dots and brackets included.
func allows(t *Trace, d Diff, list []Exception) bool {
	for _, x := range list {
		if x.trace(t) && x.Field != "" && strings.Contains(d.Note, x.Note) && glob(x.Field, d.Where) {
			return true
		}
	}
	return false
}

// glob matches text against a pattern of literal parts and stars.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, last) && len(text) >= len(last)
}
