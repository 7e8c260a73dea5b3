package checks_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// An answer that is longer than anybody wants to read is an answer.
func TestEndlessBody(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for block := make([]byte, 1<<16); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}, nil)
	if outcome, v := both(t, checks.Check{HTTP: &h}); outcome != "status 200" || !v.Healthy {
		t.Errorf("%s, %+v", outcome, v)
	}
}

// Servers that are none.
func TestAnswersThatAreNone(t *testing.T) {
	for name, tc := range map[string]struct{ scheme, answer, says string }{
		"garbage":    {"http", "hello, who is there?\r\n\r\n", "malformed HTTP"},
		"empty":      {"http", "", "EOF"},
		"truncated":  {"http", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "read the answer: unexpected EOF"},
		"head":       {"http", "HTTP/1.1 200 OK\r\nX: y", "EOF"},
		"plain http": {"https", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "server gave HTTP response to HTTPS client"},
	} {
		t.Run(name, func(t *testing.T) {
			l, port := listener(t, false)
			answerAll(t, l, func(c net.Conn) {
				if tc.scheme == "http" {
					_, _ = http.ReadRequest(bufio.NewReader(c))
				}
				_, _ = io.WriteString(c, tc.answer)
			})
			outcome, v := both(t, checks.Check{HTTP: &checks.HTTP{Scheme: tc.scheme, Port: port, Path: "/"}})
			if outcome != "nothing" || v.Healthy || !strings.Contains(v.Message, tc.says) {
				t.Errorf("%s, %+v", outcome, v)
			}
		})
	}
}

// answerAll serves each connection and closes it, until the test ends.
func answerAll(t *testing.T, l net.Listener, answer func(net.Conn)) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			answer(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
}

func TestAddressThatIsNone(t *testing.T) {
	outcome, v := both(t, checks.Check{HTTP: &checks.HTTP{Scheme: "http", Port: 80, Path: "/%zz"}})
	if outcome != "nothing" || v.Healthy || !strings.Contains(v.Message, `invalid URL escape "%zz"`) {
		t.Errorf("%s, %+v", outcome, v)
	}
}
