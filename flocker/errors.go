package flocker

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode"
)

// maxWords is how much of an answer an error shows, in bytes.
const maxWords = 500

var errUnreadable = errors.New("unreadable answer")

// Error is a request that failed. See classify.go for what kinds there are.
type Error struct {
	Method, Service, Path string
	Status                int    // 0 when no answer came
	Words                 string // what the server said, on one line
	FromAPI               bool   // the words are the API's own, not those of an HTML page
	Sent                  bool   // a connection was made, so the request may have arrived
	Err                   error  // why there is no answer or no use for it; nil for a plain refusal
}

// Error reads like: POST 10.0.0.5:4523/v1/configuration/leases: 409 Conflict: Lease already held.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s%s", e.Method, e.Service, e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Words != "" {
		fmt.Fprintf(&b, ": %s", e.Words)
	}
	return b.String()
}

// Unwrap returns the cause, if it is known.
func (e *Error) Unwrap() error { return e.Err }

// serverWords reads the body of an error. The service has four shapes of it:
// {"description"}, the same with "errors" (a schema failure), a bare JSON string
// (500), and an HTML page (unknown route or method). fromAPI is false for the
// page and for anything that no control service sends.
func serverWords(contentType string, body []byte) (words string, fromAPI bool) {
	if mediaType, _, _ := mime.ParseMediaType(contentType); mediaType == "text/html" {
		return oneLine(withoutTags(string(body))), false
	}
	var object struct {
		Description string   `json:"description"`
		Errors      []string `json:"errors"`
	}
	if json.Unmarshal(body, &object) == nil && object.Description != "" {
		return oneLine(strings.Join(append([]string{object.Description}, object.Errors...), "; ")), true
	}
	var text string
	if json.Unmarshal(body, &text) == nil {
		return oneLine(text), true
	}
	return oneLine(string(body)), false
}

// withoutTags keeps the text of an HTML page.
func withoutTags(page string) string {
	var b strings.Builder
	for page != "" {
		text, rest, _ := strings.Cut(page, "<")
		b.WriteString(text)
		b.WriteByte(' ')
		_, page, _ = strings.Cut(rest, ">")
	}
	return b.String()
}

// oneLine makes a stranger's text fit for a log and for a status message:
// valid UTF-8, printable, single spaces, not too long.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxWords {
		return s
	}
	return strings.ToValidUTF8(s[:maxWords], "") + "…"
}
