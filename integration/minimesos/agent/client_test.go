package agent_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// executorAPI speaks for an executor.
type executorAPI struct {
	t     *testing.T
	url   string
	id    string
	codec wire.Codec
	token string
}

func (r *rig) api(codec wire.Codec) *executorAPI {
	return &executorAPI{t: r.t, url: "http://" + r.address + "/api/v1/executor", id: "e1", codec: codec}
}

// stream is the client's side of a SUBSCRIBE.
type stream struct {
	t      *testing.T
	events chan *wireexec.Event
	end    chan error // how it ended
	cancel func()
}

func (x *executorAPI) post(ctx context.Context, call *wireexec.Call) *http.Response {
	x.t.Helper()
	call.ExecutorID.Value, call.FrameworkID.Value = x.id, "f1"
	body, err := x.codec.Marshal(call)
	if err != nil {
		x.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.url, bytes.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set("Content-Type", x.codec.ContentType())
	r.Header.Set("Accept", x.codec.ContentType())
	if x.token != "" {
		r.Header.Set("Authorization", "Bearer "+x.token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	return answer
}

// call posts and returns status and body.
func (x *executorAPI) call(c *wireexec.Call) (int, string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	answer := x.post(ctx, c)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func (x *executorAPI) subscribe(s wireexec.Call_Subscribe) *stream {
	x.t.Helper()
	ctx, cancel := context.WithCancel(x.t.Context())
	answer := x.post(ctx, &wireexec.Call{Type: wireexec.Call_SUBSCRIBE, Subscribe: &s}) //nolint:bodyclose // its reader closes it
	out := &stream{t: x.t, events: make(chan *wireexec.Event, 64), end: make(chan error, 1), cancel: cancel}
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		x.t.Fatalf("SUBSCRIBE: %d %s", answer.StatusCode, text)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer answer.Body.Close()
		out.end <- read(answer.Body, x.codec, out.events)
	}()
	x.t.Cleanup(func() { cancel(); <-done })
	return out
}

func read(body io.Reader, codec wire.Codec, to chan<- *wireexec.Event) error {
	for in := wire.NewReader(body, 1<<20); ; {
		record, err := in.Read()
		if err != nil {
			return err
		}
		var e wireexec.Event
		if err := codec.Unmarshal(record, &e); err != nil {
			return err
		}
		to <- &e
	}
}

func (s *stream) next(want wireexec.Event_Type) *wireexec.Event {
	s.t.Helper()
	select {
	case e := <-s.events:
		if e.Type != want {
			s.t.Fatalf("event %v, want %v", e.Type, want)
		}
		return e
	case <-time.After(patience):
		s.t.Fatalf("no %v", want)
	}
	return nil
}

// ended checks that the stream ended, properly or broken off.
func (s *stream) ended(properly bool) {
	s.t.Helper()
	select {
	case err := <-s.end:
		if errors.Is(err, io.EOF) != properly {
			s.t.Errorf("the stream ended with %v; properly: %v", err, properly)
		}
	case <-time.After(patience):
		s.t.Fatal("the stream did not end")
	}
}

// quiet fails if an event comes.
func (s *stream) quiet() {
	s.t.Helper()
	select {
	case e := <-s.events:
		s.t.Fatalf("unexpected %v", e.Type)
	case <-time.After(50 * time.Millisecond):
	}
}

func newStatus(task string, state mesos.TaskState) mesos.TaskStatus {
	id := uuid.New()
	return mesos.TaskStatus{
		TaskID: mesos.TaskID{Value: task}, State: &state, Source: mesos.SOURCE_EXECUTOR.Enum(),
		ExecutorID: &mesos.ExecutorID{Value: "e1"}, UUID: id[:],
	}
}

func update(s mesos.TaskStatus) *wireexec.Call {
	return &wireexec.Call{Type: wireexec.Call_UPDATE, Update: &wireexec.Call_Update{Status: s}}
}

// update sends a status and expects 202.
func (x *executorAPI) update(s mesos.TaskStatus) mesos.TaskStatus {
	x.t.Helper()
	if status, text := x.call(update(s)); status != http.StatusAccepted || text != "" {
		x.t.Fatalf("UPDATE: %d %s", status, text)
	}
	return s
}

func (s *stream) acknowledged(of mesos.TaskStatus) {
	s.t.Helper()
	if e := s.next(wireexec.Event_ACKNOWLEDGED); !bytes.Equal(e.Acknowledged.UUID, of.UUID) {
		s.t.Errorf("acknowledged %x, want %x", e.Acknowledged.UUID, of.UUID)
	}
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// raw sends what a codec would not and returns status and body. No header is
// set but those given.
func (x *executorAPI) raw(method string, header http.Header, body string) (int, string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, x.url, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(text)
}

// variable reads one line of what env printed.
func variable(t *testing.T, path, name string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			return value
		}
	}
	t.Fatalf("no variable %s in %s", name, path)
	return ""
}
