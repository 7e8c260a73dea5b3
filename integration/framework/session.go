package framework

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/mesos/mesos-go/api/v1/lib/recordio"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

const mediaType = "application/x-protobuf"

// session is one subscription: a stream of events and the calls that belong to it.
type session struct {
	url      string
	client   *http.Client
	streamID string
	body     io.ReadCloser
}

// subscribe opens the stream. The caller closes it.
func subscribe(ctx context.Context, client *http.Client, url string, call *scheduler.Call) (*session, error) {
	s := &session{url: url, client: client}
	resp, err := s.post(ctx, call)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(call, resp)
	}
	s.streamID = resp.Header.Get("Mesos-Stream-Id")
	s.body = resp.Body
	return s, nil
}

// call sends anything but SUBSCRIBE.
func (s *session) call(ctx context.Context, call *scheduler.Call) error {
	resp, err := s.post(ctx, call)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusAccepted {
		return refusal(call, resp)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.Body.Close()
}

func (s *session) post(ctx context.Context, call *scheduler.Call) (*http.Response, error) {
	body, err := call.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", call.Type, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Accept", mediaType)
	if s.streamID != "" {
		req.Header.Set("Mesos-Stream-Id", s.streamID)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.Type, err)
	}
	return resp, nil
}

func refusal(call *scheduler.Call, resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	_ = resp.Body.Close()
	return fmt.Errorf("%s: master answered %s: %s", call.Type, resp.Status, strings.TrimSpace(string(text)))
}

// events reads the stream until it ends and sends each event.
func (s *session) events(ctx context.Context, out chan<- *scheduler.Event) error {
	r := recordio.NewReader(s.body)
	for {
		frame, err := r.ReadFrame()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read event stream: %w", err)
		}
		e := new(scheduler.Event)
		if err := e.Unmarshal(frame); err != nil {
			return fmt.Errorf("decode event: %w", err)
		}
		select {
		case out <- e:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
