package flocker

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const notAllowedPage = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<title>405 Method Not Allowed</title>\n" +
	"<h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested URL.</p>\n"

// The first four bodies are recorded.
var bodies = []struct {
	name, contentType, body, words string
	fromAPI                        bool
}{
	{"description", "application/json", `{"description": "Lease already held."}`, "Lease already held.", true},
	{
		"schema", "application/json", `{"errors": ["'dataset_id' is a required property", "u'x' is too short"], "description": "The provided JSON doesn't match the required schema."}`,
		"The provided JSON doesn't match the required schema.; 'dataset_id' is a required property; u'x' is too short", true,
	},
	{"two lines", "application/json", `{"description": "The request body could not be decoded according to the value of the\nContent-Type header."}`, "The request body could not be decoded according to the value of the Content-Type header.", true},
	{"bare string", "application/json", `"38d6cc10-288e-4389-b535-8e9216e22cc7@/2"`, "38d6cc10-288e-4389-b535-8e9216e22cc7@/2", true},
	{"page", "text/html", notAllowedPage, "405 Method Not Allowed Method Not Allowed The method is not allowed for the requested URL.", false},
	{"page with charset", "text/html; charset=utf-8", "<b>proxy</b> says no", "proxy says no", false},
	{"empty", "", "", "", false},
	{"other object", "application/json", `{"error": 1}`, `{"error": 1}`, false},
	{"binary", "application/octet-stream", "\x00\x1b[31m\xffred", "[31m\uFFFDred", false},
	{"unclosed tag", "text/html", "a<b", "a", false},
}

func TestServerWords(t *testing.T) {
	for _, b := range bodies {
		words, fromAPI := serverWords(b.contentType, []byte(b.body))
		if words != b.words || fromAPI != b.fromAPI {
			t.Errorf("%s: %q, %v; want %q, %v", b.name, words, fromAPI, b.words, b.fromAPI)
		}
	}
	long, _ := serverWords("", []byte("x"+strings.Repeat("ü", 10000)))
	if len(long) > maxWords+len("…") || !strings.HasSuffix(long, "ü…") {
		t.Errorf("long text ends up as %d bytes", len(long))
	}
}

// FuzzServerWords: whatever a server says, it fits on a line of a log.
func FuzzServerWords(f *testing.F) {
	for _, b := range bodies {
		f.Add(b.contentType, []byte(b.body))
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		words, _ := serverWords(contentType, body)
		if len(words) > maxWords+len("…") || !utf8.ValidString(words) || strings.ContainsFunc(words, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", words)
		}
	})
}

// FuzzReadNames: a stranger's certificate is parsed before it is trusted.
func FuzzReadNames(f *testing.F) {
	f.Add([]byte("\x30\x17\x82\x0fcontrol-service\x87\x04\x7f\x00\x00\x01"))
	f.Add([]byte("\x30\x80"))
	f.Fuzz(func(t *testing.T, der []byte) {
		var e extensions
		if e.readNames(der) == nil && !e.names {
			t.Error("read, and not there")
		}
		_ = e.readConstraints(der)
		_ = e.readPurposes(der)
		_, _ = readCertSign(der)
	})
}
