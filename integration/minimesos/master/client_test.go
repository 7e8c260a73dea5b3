package master_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

const schedulerPath = "/api/v1/scheduler"

// client is a scheduler that does what a test says.
type client struct {
	t        testing.TB
	url      string
	info     *mesos.FrameworkInfo
	streamID string
	events   chan *scheduler.Event
	end      error // of the stream, once events is closed
	cancel   context.CancelFunc
}

// subscribe opens a stream and waits for SUBSCRIBED.
func subscribe(t testing.TB, url string, info *mesos.FrameworkInfo) *client {
	t.Helper()
	c := openStream(t, url, info)
	got := c.await("SUBSCRIBED", func(e *scheduler.Event) bool { return e.Type == scheduler.Event_SUBSCRIBED })
	c.info.ID = got.Subscribed.FrameworkID
	return c
}

// openStream does not wait, for subscriptions that are refused.
func openStream(t testing.TB, url string, info *mesos.FrameworkInfo) *client {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{t: t, url: url, info: info, cancel: cancel, events: make(chan *scheduler.Event, 1024)}
	call := &scheduler.Call{
		Type:        scheduler.Call_SUBSCRIBE,
		FrameworkID: info.ID,
		Subscribe:   &scheduler.Call_Subscribe{FrameworkInfo: info},
	}
	resp := post(ctx, t, url+schedulerPath, call, "") //nolint:bodyclose // closed by the goroutine that reads it
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("SUBSCRIBE: %s", resp.Status)
	}
	c.streamID = resp.Header.Get("Mesos-Stream-Id")
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer resp.Body.Close()
		c.read(resp.Body)
	}()
	t.Cleanup(func() {
		cancel()
		for range c.events {
			continue // the reader may be waiting for room
		}
		<-done
	})
	return c
}

func (c *client) read(body io.Reader) {
	defer close(c.events)
	records := wire.NewReader(body, 16<<20)
	for {
		payload, err := records.Read()
		if err != nil {
			c.end = err
			return
		}
		event := &scheduler.Event{}
		if err := wire.UnmarshalJSON(payload, event); err != nil {
			c.t.Errorf("event %s: %v", payload, err)
			return
		}
		c.events <- event
	}
}

// post sends a call as JSON. The caller closes the body.
func post(ctx context.Context, t testing.TB, url string, call any, streamID string) *http.Response {
	t.Helper()
	body, err := wire.MarshalJSON(call)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if streamID != "" {
		req.Header.Set("Mesos-Stream-Id", streamID)
	}
	resp, err := web.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// call makes a call and expects 202.
func (c *client) call(call *scheduler.Call) {
	c.t.Helper()
	if status, text := c.try(call); status != http.StatusAccepted {
		c.t.Fatalf("%s: %d %s", call.Type, status, text)
	}
}

func (c *client) try(call *scheduler.Call) (int, string) {
	c.t.Helper()
	call.FrameworkID = c.info.ID
	resp := post(context.Background(), c.t, c.url+schedulerPath, call, c.streamID)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// await passes over events until one fits.
func (c *client) await(what string, fits func(*scheduler.Event) bool) *scheduler.Event {
	c.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		select {
		case e, ok := <-c.events:
			if !ok {
				c.t.Fatalf("stream ended (%v), waiting for %s", c.end, what)
			}
			if fits(e) {
				return e
			}
		case <-deadline.C:
			c.t.Fatalf("timed out waiting for %s", what)
		}
	}
}

// awaitEnd passes over events until the stream ends; nil is an orderly end.
func (c *client) awaitEnd() error {
	c.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		select {
		case _, ok := <-c.events:
			if !ok && errors.Is(c.end, io.EOF) {
				return nil
			}
			if !ok {
				return c.end
			}
		case <-deadline.C:
			c.t.Fatal("timed out waiting for the end of the stream")
		}
	}
}

func (c *client) offer() *mesos.Offer {
	c.t.Helper()
	e := c.await("OFFERS", func(e *scheduler.Event) bool { return e.Type == scheduler.Event_OFFERS })
	return &e.Offers.Offers[0]
}

func (c *client) status(task string) *mesos.TaskStatus {
	c.t.Helper()
	e := c.await("UPDATE of "+task, func(e *scheduler.Event) bool {
		return e.Type == scheduler.Event_UPDATE && e.Update.Status.TaskID.Value == task
	})
	return &e.Update.Status
}

func (c *client) accept(o *mesos.Offer, ops ...mesos.Offer_Operation) {
	c.t.Helper()
	now := 0.0
	c.call(&scheduler.Call{Type: scheduler.Call_ACCEPT, Accept: &scheduler.Call_Accept{
		OfferIDs: []mesos.OfferID{o.ID}, Operations: ops, Filters: &mesos.Filters{RefuseSeconds: &now},
	}})
}

func (c *client) launch(o *mesos.Offer, tasks ...mesos.TaskInfo) {
	c.t.Helper()
	c.accept(o, mesos.Offer_Operation{
		Type:   mesos.Offer_Operation_LAUNCH,
		Launch: &mesos.Offer_Operation_Launch{TaskInfos: tasks},
	})
}

func (c *client) acknowledge(s *mesos.TaskStatus) {
	c.t.Helper()
	c.call(&scheduler.Call{Type: scheduler.Call_ACKNOWLEDGE, Acknowledge: &scheduler.Call_Acknowledge{
		AgentID: *s.AgentID, TaskID: s.TaskID, UUID: s.UUID,
	}})
}

// killTask kills the task that all tests call t.
func (c *client) killTask() {
	c.t.Helper()
	c.call(&scheduler.Call{Type: scheduler.Call_KILL, Kill: &scheduler.Call_Kill{TaskID: mesos.TaskID{Value: "t"}}})
}
