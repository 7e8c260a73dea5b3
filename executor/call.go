package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// mediaType is the codec of calls and events. The agent compares Content-Type
// exactly and prefers JSON whenever Accept allows it (slave/http.cpp).
const mediaType = "application/x-protobuf"

// AnswerError is an answer of the agent that is not the hoped-for one.
type AnswerError struct {
	Status int
	Text   string // the agent's own words
}

// Error shows status and text.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("agent answered %d %s: %s", e.Status, http.StatusText(e.Status), e.Text)
}

// permanent says that subscribing again cannot help: the agent does not take
// this executor for what it says it is, or does not speak this API. A 400 is
// not permanent: recorded from an agent that came back without knowing the
// framework yet.
func permanent(err error) bool {
	var a *AnswerError
	if !errors.As(err, &a) {
		return false
	}
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed,
		http.StatusNotAcceptable, http.StatusUnsupportedMediaType:
		return true
	}
	return false
}

// answered says whether err is an answer with one of the statuses.
func answered(err error, statuses ...int) bool {
	var a *AnswerError
	if !errors.As(err, &a) {
		return false
	}
	for _, s := range statuses {
		if a.Status == s {
			return true
		}
	}
	return false
}

// timedOut says that an answer was waited for in vain.
func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// caller makes the executor's calls.
type caller struct {
	transport Transport
	client    http.Client
	framework mesos.FrameworkID
	executor  mesos.ExecutorID
}

func newCaller(e Environment, t Transport) *caller {
	return &caller{
		transport: t,
		client: http.Client{
			Transport:     t.HTTP,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		framework: mesos.FrameworkID{Value: e.Framework},
		executor:  mesos.ExecutorID{Value: e.Executor},
	}
}

// subscribe opens the stream of events. The caller closes it; ctx ends it.
func (c *caller) subscribe(ctx context.Context, s *wire.Call_Subscribe) (io.ReadCloser, error) {
	res, err := c.post(ctx, &wire.Call{Type: wire.Call_SUBSCRIBE, Subscribe: s})
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("subscribe: %w", refusal(res))
	}
	if got := res.Header.Get("Content-Type"); got != mediaType {
		return nil, errors.Join(fmt.Errorf("subscribe: agent streams %q, wanted %s", got, mediaType), res.Body.Close())
	}
	return res.Body, nil
}

// update sends one status update. No error means that the agent took it, not
// that it will acknowledge it.
func (c *caller) update(ctx context.Context, status mesos.TaskStatus) error {
	if err := c.say(ctx, &wire.Call{Type: wire.Call_UPDATE, Update: &wire.Call_Update{Status: status}}); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	return nil
}

// heartbeat sends a HEARTBEAT. The agent looks at nothing in it.
func (c *caller) heartbeat(ctx context.Context) error {
	if err := c.say(ctx, &wire.Call{Type: wire.Call_HEARTBEAT}); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	return nil
}

// say makes a call that is answered with 202 and nothing else.
func (c *caller) say(ctx context.Context, call *wire.Call) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout+answerTimeout)
	defer cancel()
	res, err := c.post(ctx, call)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusAccepted {
		return refusal(res)
	}
	return res.Body.Close()
}

func (c *caller) post(ctx context.Context, call *wire.Call) (*http.Response, error) {
	call.FrameworkID, call.ExecutorID = c.framework, c.executor
	body, err := call.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.transport.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Accept", mediaType)
	if c.transport.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.transport.Token)
	}
	return c.client.Do(req)
}

// refusal turns an answer into an error and closes it. Of the text the first
// 4 KiB are kept.
func refusal(res *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	return errors.Join(&AnswerError{Status: res.StatusCode, Text: strings.TrimSpace(string(text))}, err, res.Body.Close())
}
